"""What the benches share: running their programs, counting by callgrind, and what a report says of the machine."""
import datetime
import os
import platform
import re
import shlex
import subprocess
import sys
from pathlib import Path

from peers import ROOT, SETTINGS, fail, output_of

BUILD = ROOT / "build" / "bench"
RESULTS = ROOT / "bench" / "results"
CFLAGS = ["-std=gnu17", "-O2", "-g", "-fno-plt", "-pthread"]
RUN_TIMEOUT_S = 120


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def program_run(command, environment, name):
    """A finished run of a bench program; one that fails ends the whole bench."""
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=RUN_TIMEOUT_S,
                         check=False)
    if run.returncode != 0:
        fail(f"{name}: {shlex.join(command)}: status {run.returncode}\n{run.stderr[-2000:]}")
    return run


def program_build(name, *flags):
    """Compiles bench/NAME.c into the folder of the bench's programs; flags come last, so they may name libraries."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    BUILD.mkdir(parents=True, exist_ok=True)
    source = ROOT / "bench" / f"{name}.c"
    command = [*compiler, *CFLAGS, "-o", str(BUILD / name), str(source), *flags, "-lm"]
    try:
        subprocess.run(command, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        fail(f"cannot compile {source.name}: {error}")


def allocator_verify(allocator, program, *arguments):
    """Ask the dynamic linker where malloc and free of a bench program lead: a library that cannot be
    preloaded would otherwise be measured as glibc, without a word."""
    environment = {**allocator.environment(), "LD_DEBUG": "bindings"}
    run = program_run([str(BUILD / program), *arguments], environment, allocator.name)
    for symbol in ("malloc", "free"):
        binding = rf"binding file \S*/{program} \[0\] to (\S+) \[0\]: normal symbol `{symbol}'"
        match = re.search(binding, run.stderr)
        if match is None:
            fail(f"{allocator.name}: the dynamic linker binds no {symbol}: {run.stderr[-300:]}")
        found = Path(match.group(1)).resolve()
        expected = found if allocator.path is None else allocator.path.resolve()
        if found != expected or (allocator.path is None and not found.name.startswith("libc")):
            fail(f"{allocator.name}: {symbol} is that of {found}, not the allocator's own")


def callgrind_parse(text, function):
    """[(callee, number of calls, inclusive instructions)] of all calls out of a function."""
    calls = []
    inside = False
    callee = None
    ncalls = None
    for line in text.splitlines():
        if line.startswith("fn="):
            inside = line[3:] == function
        elif not inside:
            continue
        elif line.startswith("cfn="):
            callee = line[4:]
        elif line.startswith("calls="):
            ncalls = int(line[6:].split()[0])
        elif ncalls is not None:
            calls.append((callee, ncalls, int(line.split()[1])))
            ncalls = None
    return calls


def file_read(path, default="unknown"):
    try:
        return Path(path).read_text().strip()
    except OSError:
        return default


def machine_describe():
    cpu = re.search(r"^model name\s*:\s*(.*)$", file_read("/proc/cpuinfo"), re.MULTILINE)
    thp = re.search(r"\[(\w+)\]", file_read("/sys/kernel/mm/transparent_hugepage/enabled"))
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": f"{cpu.group(1) if cpu else platform.machine()}, {len(os.sched_getaffinity(0))} usable",
        "kernel": platform.release(),
        "thp": thp.group(1) if thp else "unknown",
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "compiler": output_of([*shlex.split(os.environ.get("CC", "cc")), "--version"]),
        "valgrind": output_of(["valgrind", "--version"]),
        "settings": {key: value for key, value in os.environ.items() if SETTINGS.match(key)},
    }


def machine_print(title, machine):
    settings = " ".join(f"{key}={value}" for key, value in machine["settings"].items()) or "none"
    print(f"# Cellar, {title}, {machine['date']}\n")
    print(f"- CPU: {machine['cpu']}; kernel {machine['kernel']}; THP {machine['thp']}")
    print(f"- load average at the start: {' '.join(map(str, machine['load_average']))}")
    print(f"- compiler: {machine['compiler']}; {machine['valgrind'] or 'no valgrind'}")
    print(f"- allocator settings in the environment: {settings}")


def table_print(head, rows):
    """A Markdown table, its columns padded so that it is read well as text also."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    def padded(row):
        return [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [padded(head), rule, *map(padded, rows)]
    for line in lines:
        print(f"| {' | '.join(line)} |")
    print(flush=True)


def figure(value):
    if value == float("inf"):
        return "fails"
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"
