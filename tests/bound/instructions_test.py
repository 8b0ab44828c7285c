#!/usr/bin/env python3
# timeout: 300
"""The fast paths of malloc and free take no more than 2 instructions above the recorded figures (instructions.txt)."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from bench_common import callgrind_parse  # noqa: E402 (the path has to be known first)

ALLOWANCE = 2
PAIRS = 20000


def pair_build(folder):
    program = folder / "pair"
    subprocess.run([*os.environ.get("CC", "cc").split(), "-std=gnu17", "-O2", "-g", "-fno-plt", "-o", str(program),
                    str(ROOT / "bench" / "pair.c"), "-lm"], check=True)
    return program


def instructions_count(program, folder, size, batch):
    out = folder / "callgrind.out"
    environment = {**os.environ, "LD_PRELOAD": str(Path(os.environ["CELLAR_BUILD"]) / "libcellar.so")}
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--compress-strings=no",
                    "--compress-pos=no", str(program), size, batch, str(PAIRS)],
                   env=environment, check=True, capture_output=True)
    calls = callgrind_parse(out.read_text(), "pair_measure")
    if sum(ncalls for _, ncalls, _ in calls) != 2 * PAIRS:
        raise ValueError(f"callgrind saw {calls}")
    return sum(cost for _, _, cost in calls) / PAIRS


def main():
    lines = (Path(__file__).parent / "instructions.txt").read_text().splitlines()
    records = [line.split() for line in lines if not line.startswith("#")]
    failed = False
    with tempfile.TemporaryDirectory() as name:
        program = pair_build(Path(name))
        for number, (size, batch, recorded) in enumerate(records, 1):
            count = instructions_count(program, Path(name), size, batch)
            good = 0 < count <= float(recorded) + ALLOWANCE
            failed = failed or not good
            print(f"{'ok' if good else 'not ok'} {number} - {size} bytes, batches of {batch}")
            print(f"# {count:.1f} instructions, recorded {recorded}")
    print(f"1..{len(records)}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
