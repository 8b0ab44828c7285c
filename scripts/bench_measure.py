"""How the rows of the bench are run: each run a process of its own under bench/launch.c, in interleaved rounds."""
import concurrent.futures
import math
import os
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench_common import BUILD, RUN_TIMEOUT_S, progress
from bench_figures import keys_parse
from peers import BASELINE, CELLAR, fail

PASS_SECONDS = 3  # a row has as many passes in a round as take so long together
IDLE_AT_ONCE = 4  # runs that mostly sleep, and whose time does not count


@dataclass
class Sample:
    """What one run took. time is in the unit of its row: ns an operation, or seconds; wall_s is that of the process, or of
    the client that it served."""
    time: float
    wall_s: float
    cpu_s: float
    peak_rss_kib: float
    minor_faults: float
    further: dict = field(default_factory=dict)


# What counts for a run of a peer that failed: more than any figure. Means leave it out, tables name it.
FAILED = Sample(math.inf, math.inf, math.inf, math.inf, math.inf)


class RunError(Exception):
    """A run failed; the text says how."""


@dataclass(frozen=True)
class Usage:
    """What launch wrote about a run, and what the program printed."""
    stdout: bytes
    wall_s: float
    cpu_s: float
    peak_rss_kib: float
    minor_faults: float

    def sample(self, wall_s=None, peak_rss_kib=None):
        """A sample whose time is wall seconds: the program's own, or those of a client that it served."""
        wall_s = self.wall_s if wall_s is None else wall_s
        peak_rss_kib = self.peak_rss_kib if peak_rss_kib is None else peak_rss_kib
        return Sample(wall_s, wall_s, self.cpu_s, peak_rss_kib, self.minor_faults)


class Launch:
    """A program that runs under launch; servers are begun, used, and ended before wait()."""

    def __init__(self, argv, environment, *, stdin=None, cwd=None, nruns=1):
        self.argv = [str(word) for word in argv]
        self.result = tempfile.NamedTemporaryFile(prefix="bench-launch-")
        with open(stdin or "/dev/null", "rb") as given:
            self.process = subprocess.Popen(
                [str(BUILD / "launch"), self.result.name, str(nruns), *self.argv], env=environment, cwd=cwd,
                stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)

    def wait(self, timeout=RUN_TIMEOUT_S):
        """The usage; a status other than 0 is an error."""
        try:
            stdout, stderr = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise RunError(f"{shlex.join(self.argv)}: not done after {timeout} s") from error
        if self.process.returncode != 0:
            tail = stderr.decode(errors="replace")[-2000:].strip()
            raise RunError(f"{shlex.join(self.argv)}: status {self.process.returncode}\n{tail}".strip())
        figures = keys_parse(Path(self.result.name).read_text())
        self.result.close()
        return Usage(stdout, figures["wall_ns"] / 1e9, figures["cpu_ns"] / 1e9, figures["peak_rss_kib"],
                     figures["minor_faults"])

    def kill(self):
        """Ends the program with all that it started, if it still runs; for when something went wrong."""
        if self.process.poll() is None:
            process_group_kill(self.process.pid)
        self.process.communicate()


def process_group_kill(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def launch_run(argv, environment, **options):
    launch = Launch(argv, environment, **options)
    try:
        return launch.wait()
    except BaseException:
        launch.kill()
        raise


@contextmanager
def failure_named(row, allocator):
    """A run that fails ends the bench, and the message says which."""
    try:
        yield
    except (RunError, OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
        fail(f"{row.title}: {allocator.name}: {error}")


def peer_try(row, allocator, run):
    """What run() returns; None when a peer fails the row, which is said. The baseline and Cellar may not fail."""
    try:
        return run()
    except RunError as error:
        if allocator.name in (BASELINE, CELLAR):
            raise
        print(f"bench: {row.title}: {allocator.name} fails: {error}", file=sys.stderr)
        return None


class Clock:
    """The progress line: what runs, how much is done, how long the rest will take at this rate."""

    def __init__(self, total):
        self.total = total
        self.ndone = 0
        self.start = time.monotonic()

    def show(self, text):
        left = ""
        if self.ndone:
            seconds = (time.monotonic() - self.start) / self.ndone * (self.total - self.ndone)
            left = f", {int(seconds // 60)}:{int(seconds % 60):02d} left"
        progress(f"{self.ndone} of {self.total}{left}: {text}")

    def step(self):
        self.ndone += 1


def pass_measure(row, allocators, samples, show):
    """Runs the row with every allocator once, in shuffled order, so that a disturbance of the machine meets all of them alike.
    Returns how long that took, in seconds."""
    start = time.monotonic()
    for allocator in random.sample(allocators, len(allocators)):
        show(f"{row.title}: {allocator.name}")
        with failure_named(row, allocator):
            sample = peer_try(row, allocator, lambda allocator=allocator: row.run(allocator))
            samples[row.title, allocator.name].append(sample or FAILED)
    return time.monotonic() - start


def passes_of(seconds, passes_max):
    """How many passes in a round a row has that takes so long."""
    return passes_max if seconds * passes_max <= PASS_SECONDS else max(1, int(PASS_SECONDS / seconds))


def rounds_measure(rows, allocators, rounds, passes_max=1):
    """{(title, name): [sample of each pass]}. Samples of the same place belong to the same pass. A round has one pass of each row,
    and more of those that are short, whose figures vary as much."""
    samples = {(row.title, allocator.name): [] for row in rows for allocator in allocators}
    clock = Clock(rounds * len(rows))
    passes = {}
    for number in range(rounds):
        def show(text, number=number):
            clock.show(f"round {number + 1} of {rounds}: {text}")

        for row in rows:
            seconds = pass_measure(row, allocators, samples, show)
            passes.setdefault(row.title, passes_of(seconds, passes_max))
            for _ in range(passes[row.title] - 1):
                pass_measure(row, allocators, samples, show)
            clock.step()
    progress("")
    return samples


def idle_measure(rows, allocators):
    """{(title, name): RSS in KiB an idle second after the work}, for rows that can say it."""
    cells = [(row, allocator) for row in rows for allocator in allocators]
    clock = Clock(len(cells))
    results = {}

    def cell_measure(cell):
        row, allocator = cell
        with failure_named(row, allocator):
            return peer_try(row, allocator, lambda: row.idle(allocator))

    with concurrent.futures.ThreadPoolExecutor(IDLE_AT_ONCE) as pool:
        for (row, allocator), rss in zip(cells, pool.map(cell_measure, cells)):
            clock.show(f"idle RSS: {row.title}: {allocator.name}")
            if rss is not None:
                results[row.title, allocator.name] = rss
            clock.step()
    progress("")
    return results
