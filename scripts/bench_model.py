"""Cache misses by cachegrind's model and cycles by perf, for one malloc and one free.

A program is run with N steps and with 3 N; what the second run has more, by 2 N, is one step without start and set-up.
Cachegrind models two levels of data cache and no TLB, so that page-table reach does not show here. The geometry is fixed, for
the figures to be the same on every machine."""
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench_common import BUILD, figure, program_run, progress, table_print

D1 = "32768,8,64"       # bytes, ways, bytes a line
LL = "8388608,16,64"
MISSES = {"D1": ("D1mr", "D1mw"), "LL": ("DLmr", "DLmw")}
PERF_EVENT = "cycles:u"


class Probe:
    """A program whose last argument is a number of steps; it does npairs pairs a step."""

    def __init__(self, title, argv, nsteps, npairs):
        self.title = title
        self.argv = argv
        self.nsteps = nsteps
        self.npairs = npairs

    def commands(self):
        """Those with the steps once and three times."""
        return [[str(BUILD / self.argv[0]), *self.argv[1:], str(self.nsteps * factor)] for factor in (1, 3)]

    def by_pair(self, once, thrice):
        return max(0.0, (thrice - once) / (2 * self.nsteps * self.npairs))


# pair warms up with as many pairs as it measures.
PROBES = (Probe("pair, 64 B, LIFO batches of 100", ("pair", "64", "100"), 50_000, 2),
          Probe("random replacement, 10^5 live", ("live", "100000"), 200_000, 1))
CYCLES_FACTOR = 20  # perf runs at full speed


def cachegrind_parse(text):
    """{event: total} of cachegrind's file of results."""
    events = re.search(r"^events: (.*)$", text, re.MULTILINE).group(1).split()
    totals = re.search(r"^summary: (.*)$", text, re.MULTILINE).group(1).split()
    return dict(zip(events, map(int, totals)))


def perf_parse(text):
    """The number that `perf stat -x,` gives for the event, or None when it cannot count it."""
    for line in text.splitlines():
        words = line.split(",")
        if len(words) > 2 and words[2].startswith("cycles"):
            return float(words[0]) if re.fullmatch(r"\d+", words[0]) else None
    return None


def cachegrind_count(command, allocator):
    with tempfile.TemporaryDirectory(prefix="bench-model-") as folder:
        out = Path(folder) / "cachegrind.out"
        program_run(["valgrind", "--tool=cachegrind", "--cache-sim=yes", f"--D1={D1}", f"--LL={LL}",
                     f"--cachegrind-out-file={out}", *command], allocator.environment(), allocator.name)
        return cachegrind_parse(out.read_text())


def misses_measure(allocators):
    """{(title, level, name): misses a pair}"""
    results = {}
    for probe in PROBES:
        for allocator in allocators:
            progress(f"cachegrind: {probe.title}: {allocator.name}")
            once, thrice = (cachegrind_count(command, allocator) for command in probe.commands())
            for level, events in MISSES.items():
                misses = [sum(counts[event] for event in events) for counts in (once, thrice)]
                results[probe.title, level, allocator.name] = probe.by_pair(*misses)
    progress("")
    return results


def perf_count(command, environment):
    """Cycles of a run, in user mode; None where perf is missing or cannot count them."""
    if shutil.which("perf") is None:
        return None
    done = subprocess.run(["perf", "stat", "-x,", "-e", PERF_EVENT, "--", *command], env={**environment, "LC_ALL": "C"},
                          capture_output=True, text=True, timeout=120, check=False)
    return perf_parse(done.stderr) if done.returncode == 0 else None


def cycles_measure(allocators):
    """{(title, name): cycles a pair}, or None where perf cannot count."""
    results = {}
    for probe in PROBES:
        long = Probe(probe.title, probe.argv, probe.nsteps * CYCLES_FACTOR, probe.npairs)
        for allocator in allocators:
            progress(f"cycles: {probe.title}: {allocator.name}")
            counts = [perf_count(command, allocator.environment()) for command in long.commands()]
            if None in counts:
                progress("")
                return None
            results[probe.title, allocator.name] = long.by_pair(*counts)
    progress("")
    return results


def misses_print(results, names):
    print("## Data-cache misses for one malloc and one free\n")
    print(f"cachegrind's model: D1 of {D1}, LL of {LL} (bytes, ways, bytes a line); the program's own accesses are included.\n"
          "It has no TLB.\n")
    table_print(["workload, level", *names],
                [[f"{probe.title}, {level}", *(f"{results[probe.title, level, name]:.3f}" for name in names)]
                 for probe in PROBES for level in MISSES])


def cycles_print(results, names):
    print("## Cycles for one malloc and one free\n")
    if results is None:
        print("perf cannot count cycles on this machine.\n", flush=True)
        return
    print(f"perf stat, {PERF_EVENT}; the loop around malloc and free is included.\n")
    table_print(["workload", *names],
                [[probe.title, *(figure(results[probe.title, name]) for name in names)] for probe in PROBES])


def model_report(allocators):
    """Measures and prints both; returns what goes into the file of results."""
    names = [allocator.name for allocator in allocators]
    misses = misses_measure(allocators)
    misses_print(misses, names)
    cycles = cycles_measure(allocators)
    cycles_print(cycles, names)
    return {"misses": [{"workload": title, "level": level, "allocator": name, "a_pair": value}
                       for (title, level, name), value in misses.items()],
            "cycles": [{"workload": title, "allocator": name, "a_pair": value}
                       for (title, name), value in (cycles or {}).items()]}
