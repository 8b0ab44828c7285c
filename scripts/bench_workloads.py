"""The workloads of the bench that are programs of bench/: one line each."""
from dataclasses import dataclass, replace

from bench_common import BUILD, program_build
from bench_figures import keys_parse
from bench_measure import launch_run

QUICK_DIVISOR = 20
# What they print for everyone; anything else is a further figure.
KEYS = ("ns", "operations", "idle_rss_kib")


@dataclass(frozen=True)
class Workload:
    """A row. argv is without its last argument, the number of operations, which a quick run divides; None where the amount
    of work is part of argv."""
    title: str
    argv: tuple
    noperations: int = None
    quick_argv: tuple = None
    quick_idle: bool = False  # the row whose idle RSS a quick run looks at as well
    divisor: int = 1

    unit = "ns"
    group = "synthetic"

    def command(self):
        argv = self.quick_argv if self.quick_argv and self.divisor > 1 else self.argv
        last = () if self.noperations is None else (max(1, self.noperations // self.divisor),)
        return [str(BUILD / argv[0]), *map(str, (*argv[1:], *last))]

    def run(self, allocator):
        usage = launch_run(self.command(), allocator.environment())
        keys = keys_parse(usage.stdout.decode())
        further = {key: value for key, value in keys.items() if key not in KEYS}
        return replace(usage.sample(), time=keys["ns"], further=further)

    def idle(self, allocator):
        if self.divisor > 1 and not self.quick_idle:
            return None
        usage = launch_run(self.command(), {**allocator.environment(), "BENCH_IDLE": "1"})
        return keys_parse(usage.stdout.decode())["idle_rss_kib"]


def size_title(size):
    for unit, shift in (("MiB", 20), ("KiB", 10)):
        if size >= 1 << shift:
            return f"{size >> shift} {unit}"
    return f"{size} B"


def threads_title(count):
    return "1 thread" if count == 1 else f"{count} threads"


def threaded(title, program, counts, arguments, noperations, **options):
    """A row for each number of threads, the program's first argument; the operations are those of all threads together."""
    return tuple(Workload(f"{title}, {threads_title(count)}", (program, count, *arguments), noperations, **options)
                 for count in counts)


THREADS = (
    *threaded("larson", "larson", (1, 2, 8), (8, 1000, 1000), 25_000_000),
    Workload("handover 64 B, 1 to 1", ("handover", 1, 1, 64), 6_000_000),
    Workload("handover 64 B, 4 to 4", ("handover", 4, 4, 64), 6_000_000),
    Workload("handover mixed, 1 to 1", ("handover", 1, 1, 0), 6_000_000),
    *threaded("sh6", "sh6", (1, 2, 8), (), 30_000_000),
    *threaded("sh8", "sh8", (2, 8), (), 20_000_000),
    *threaded("scratch", "scratch", (2, 8), (8, 50, 10), 1_000_000),
    *threaded("thrash", "thrash", (2, 8), (8, 50, 10), 1_000_000),
    *threaded("mstress", "mstress", (1, 2, 8), (), 15_000_000),
    *threaded("rptest", "rptest", (1, 2, 8), (20,), 3_000_000),
    Workload("buffers of 1 to 64 KiB, 2 threads", ("buffers", 2, 300, 1 << 10, 64 << 10), 2_000_000),
    Workload("buffers of 64 KiB to 1 MiB, 8 threads", ("buffers", 8, 10, 64 << 10, 1 << 20), 200_000),
    Workload("short-lived threads, 8 at once", ("threads", 8), 12_000),
    Workload("crowd, 100 threads", ("crowd", 100), 20_000, quick_idle=True),
)

# malloc, touch, free of one size: about a quarter of a second each where an allocator has no cliff.
TOUCH = tuple(Workload(f"touch {size_title(size)}", ("touch", size), noperations) for size, noperations in (
    (16, 20_000_000), (64, 20_000_000), (256, 20_000_000), (1 << 10, 15_000_000), (4 << 10, 10_000_000),
    (8 << 10, 10_000_000), (16 << 10, 8_000_000), (32 << 10, 6_000_000), (64 << 10, 2_000_000), (256 << 10, 500_000),
    (1 << 20, 300_000), (4 << 20, 100_000), (16 << 20, 40_000), (64 << 20, 20_000)))

SINGLE = (
    Workload("ring 64 KiB, 8 live", ("ring", 65536, 8), 400_000),
    Workload("ring 1 MiB, 8 live", ("ring", 1 << 20, 8), 100_000),
    Workload("ring 5 MiB, 4 live", ("ring", 5 << 20, 4), 20_000),
    Workload("ring mixed large, 16 live", ("ring", "mixed-large", 16), 20_000),
    Workload("random replacement, 10^3 live", ("live", 1_000), 8_000_000),
    Workload("random replacement, 10^4 live", ("live", 10_000), 6_000_000),
    Workload("random replacement, 10^5 live", ("live", 100_000), 4_000_000),
    Workload("random replacement, 10^6 live", ("live", 1_000_000), 3_000_000),
    *(Workload(f"batch of {count:,}, {order.upper()}", ("batch", count, order), 5_000_000)
      for count in (1_000, 100_000) for order in ("lifo", "fifo")),
    Workload("batch of 1,000, 1 to 64 KiB", ("batch", 1_000, "fifo", 1 << 10, 64 << 10), 2_000_000),
    Workload("batch of 100, 64 KiB to 1 MiB", ("batch", 100, "fifo", 64 << 10, 1 << 20), 200_000),
    Workload("realloc, vectors", ("grow", "vector"), 10_000),
    Workload("realloc, strings", ("grow", "string"), 2_000_000),
    Workload("realloc, 64 to 320 MB", ("grow", "big"), 3),
    Workload("calloc 64 B", ("zero", 64), 10_000_000),
    Workload("calloc 4 KiB", ("zero", 4096), 3_000_000),
    Workload("calloc 1 MiB", ("zero", 1 << 20), 10_000),
    Workload("aligned", ("align",), 5_000_000),
    Workload("phase change, 1 GB", ("phase", 1024), quick_argv=("phase", 256), quick_idle=True),
    *(Workload(f"spike of 100 MB, {kind}", ("spike", 100, kind), quick_idle=True)
      for kind in ("small", "mixed", "large")),
    Workload("trees", ("trees",), 10_000_000),
    Workload("text", ("text",), 1_500_000),
)

WORKLOADS = (*THREADS, *TOUCH, *SINGLE)


def workloads_build(workloads):
    for program in sorted({workload.argv[0] for workload in workloads}):
        program_build(program)
