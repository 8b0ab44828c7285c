#!/usr/bin/env python3
# timeout: 60
"""The bench: its arithmetic, its tables on made-up samples, what it says of wrong options and of programs that fail."""
import contextlib
import io
import math
import os
import subprocess
import sys
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import bench_figures  # noqa: E402
import bench_measure  # noqa: E402
import bench_model  # noqa: E402
import bench_report  # noqa: E402
from bench_common import program_build  # noqa: E402
from bench_measure import RunError, Sample, launch_run  # noqa: E402
from bench_workloads import WORKLOADS, Workload, size_title  # noqa: E402
from peers import Allocator  # noqa: E402

LIBC = Allocator("glibc", None, "")
TABLE = {"a": {"x": 10.0, "y": 40.0}, "b": {"x": 20.0, "y": 20.0}, "c": {"x": 30.0, "y": 80.0}}


class Figures(unittest.TestCase):
    def test_keys_parse(self):
        self.assertEqual(bench_figures.keys_parse("ns 23.5\noperations 100\n"), {"ns": 23.5, "operations": 100})
        self.assertEqual(bench_figures.keys_parse(""), {})
        for text in ("23.5\n", "ns\n", "ns fast\n", "ns nan\n", "ns inf\n", "ns 1\nns 2\n", "ns 1 2\n"):
            with self.subTest(text), self.assertRaises(ValueError):
                bench_figures.keys_parse(text)

    def test_geometric_mean(self):
        self.assertAlmostEqual(bench_figures.geometric_mean([1, 4]), 2)
        self.assertAlmostEqual(bench_figures.geometric_mean([1, 1, 8]), 2)
        self.assertIsNone(bench_figures.geometric_mean([]))
        self.assertAlmostEqual(bench_figures.geometric_mean([1, math.inf, 4]), 2)  # a failed run
        self.assertEqual(bench_figures.ratio(math.inf, 2), math.inf)
        self.assertTrue(math.isfinite(bench_figures.geometric_mean([0, 1])))

    def test_ratios_to_best(self):
        self.assertEqual(bench_figures.ratios_to_best(TABLE),
                         {"a": {"x": 1, "y": 2}, "b": {"x": 2, "y": 1}, "c": {"x": 3, "y": 4}})
        self.assertEqual(bench_figures.ratios_to_best({"a": {"x": 0.0}, "b": {"x": 0.0}}), {"a": {"x": 1}, "b": {"x": 1}})

    def test_ratios_to_others_leave_out_the_own_column(self):
        self.assertEqual(bench_figures.ratios_to_others(TABLE, "a"), {"x": 0.5, "y": 2})
        self.assertEqual(bench_figures.ratios_to_others(TABLE, "c"), {"x": 3, "y": 4})
        self.assertEqual(bench_figures.ratios_to_others({"a": {"x": 1.0}}, "a"), {})

    def test_above(self):
        self.assertEqual(bench_figures.above({"x": 1.1, "y": 1.2, "z": 3.0}, 1.1), [("z", 3.0), ("y", 1.2)])

    def test_middle_mean(self):
        self.assertAlmostEqual(bench_figures.middle_mean([100, 1, 4, 0.01]), 2)
        self.assertAlmostEqual(bench_figures.middle_mean([3]), 3)

    def test_relatives_follow_the_machine(self):
        """A pass in which all take thrice as long changes nothing; what failed once has no figure and no say."""
        times = {"a": [1, 3, 1], "b": [4, 12, 4], "c": [math.inf, 9, 5]}
        samples = {("x", name): [Sample(time, 0, 0, 0, 0) for time in row] for name, row in times.items()}
        table = bench_figures.relatives(samples, ["x"], list(times), lambda sample: sample.time)
        self.assertAlmostEqual(table["a"]["x"], 0.5)
        self.assertAlmostEqual(table["b"]["x"], 2)
        self.assertEqual(table["c"]["x"], math.inf)
        self.assertEqual(bench_figures.ratios_to_others(table, "a"), {"x": 0.25})

    def test_medians(self):
        samples = {("x", "a"): [Sample(3, 0, 0, 0, 0), Sample(1, 0, 0, 0, 0), Sample(2, 0, 0, 0, 0)]}
        self.assertEqual(bench_figures.medians(samples, ["x"], ["a"], lambda sample: sample.time), {"a": {"x": 2}})


class Model(unittest.TestCase):
    def test_cachegrind_parse(self):
        text = "desc: I1 cache: x\nevents: Ir D1mr DLmw\nfl=x\n1 2 3 4\nsummary: 100 20 3\n"
        self.assertEqual(bench_model.cachegrind_parse(text), {"Ir": 100, "D1mr": 20, "DLmw": 3})

    def test_perf_parse(self):
        self.assertEqual(bench_model.perf_parse("noise\n12345,,cycles:u,1000,100.00,,\n"), 12345)
        self.assertIsNone(bench_model.perf_parse("<not supported>,,cycles:u,0,100.00,,\n"))
        self.assertIsNone(bench_model.perf_parse("perf: no permission\n"))

    def test_a_pair_is_what_more_steps_take_more(self):
        probe = bench_model.Probe("title", ("pair", "64", "100"), 1000, 2)
        self.assertEqual([command[1:] for command in probe.commands()], [["64", "100", "1000"], ["64", "100", "3000"]])
        self.assertEqual(probe.by_pair(50_000, 70_000), 5)
        self.assertEqual(probe.by_pair(50_000, 49_999), 0)


class Table(unittest.TestCase):
    def test_titles_are_unique_and_short(self):
        titles = [workload.title for workload in WORKLOADS]
        self.assertEqual(len(titles), len(set(titles)))
        self.assertLess(max(map(len, titles)), 40)

    def test_the_operations_come_last_and_a_quick_run_has_fewer(self):
        workload = Workload("title", ("touch", 64), 1000)
        self.assertEqual(workload.command()[1:], ["64", "1000"])
        quick = Workload("title", ("touch", 64), 1000, divisor=8)
        self.assertEqual(quick.command()[1:], ["64", "125"])
        self.assertEqual(Workload("title", ("phase", 1024), quick_argv=("phase", 256), divisor=8).command()[1:], ["256"])

    def test_size_title(self):
        self.assertEqual([size_title(size) for size in (16, 1 << 10, 64 << 10, 4 << 20)], ["16 B", "1 KiB", "64 KiB", "4 MiB"])


class Report(unittest.TestCase):
    """Cellar beside one peer in a synthetic row that it leads, 8 ns to 10, and a real one where it needs 1.2 times as long."""

    def setUp(self):
        rows = [SimpleNamespace(title="fast", group="synthetic", unit="ns"), SimpleNamespace(title="slow", group="real", unit="s")]
        times = {("fast", "peer"): 10, ("fast", "Cellar"): 8, ("slow", "peer"): 1, ("slow", "Cellar"): 1.2}
        samples = {cell: [Sample(time * factor, time, time, 2048, 7, {"kept": 5}) for factor in (0.9, 1, 1.1)]
                   for cell, time in times.items()}
        idle = {("fast", "peer"): 1000, ("fast", "Cellar"): 2000}
        allocators = [Allocator("peer", Path("/p.so"), "1"), Allocator("Cellar", Path("/c.so"), "2")]
        machine = {"date": "today", "cpu": "CPU", "kernel": "6", "thp": "never", "load_average": [1], "settings": {},
                   "compiler": "cc", "valgrind": "", "load_average_at_end": [2]}
        parameters = {"rounds": 3, "passes_max": 1, "quick": False, "seconds": 9, "programs": {}, "left_out": {"gone": "program"}}
        text = bench_report.report_text(bench_report.Results(rows, allocators, samples, idle), machine, parameters)
        self.lines = [" ".join(line.split()) for line in text.splitlines()]

    def test_figures(self):
        for line in ("| fast, ns | 10.0 (9.0-11.0) | 8.0 (7.2-8.8) |", "| slow, s | 1.000 (0.900-1.100) | 1.200 (1.080-1.320) |",
                     "| fast: kept | 5.0 | 5.0 |", "- left out: gone: program is not installed"):
            self.assertIn(line, self.lines)

    def test_means(self):
        mean = bench_figures.geometric_mean([0.8, 1.2])
        for line in ("| fast | 1.25 | 1.00 |", "| geometric mean, synthetic | 1.250 | 1.000 |",
                     f"| time, all rows (2) | {1 / mean:.3f} | {mean:.3f} |", "| time, synthetic (1) | 1.250 | 0.800 |"):
            self.assertIn(line, self.lines)

    def test_goals(self):
        mean = bench_figures.geometric_mean([0.8, 1.2])
        for line in (f"| time | {mean:.3f} | 1.00 | 1.20 (slow) | 1.10 | 1 of 2 | missed |",
                     "| peak RSS | 1.000 | 1.05 | 1.00 (fast) | 1.30 | 0 of 2 | met |", "| time | slow | 1.20 |",
                     "| RSS after an idle second | fast | 2.00 |"):
            self.assertIn(line, self.lines)
        self.assertNotIn("| time | fast | 0.80 |", self.lines)


class Runs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        program_build("launch", "-static")

    def test_the_peak_is_that_of_the_program(self):
        ballast = bytearray(64 << 20)  # in this process
        usage = launch_run(["true"], os.environ)
        self.assertLess(usage.peak_rss_kib, 16 << 10)
        big = launch_run([sys.executable, "-c", "bytearray(b'x' * (64 << 20))"], os.environ)
        self.assertGreater(big.peak_rss_kib, 64 << 10)
        self.assertGreater(big.minor_faults, usage.minor_faults)
        del ballast

    def test_all_of_several_runs(self):
        usage = launch_run(["sh", "-c", "sleep 0.05; echo here"], os.environ, nruns=3)
        self.assertEqual(usage.stdout, b"here\n" * 3)
        self.assertGreater(usage.wall_s, 0.15)

    def test_failures(self):
        for command, says in ((["sh", "-c", "echo no >&2; exit 3"], "status 3\nno"), (["sh", "-c", "kill -9 $$"], "status 137"),
                              (["/nowhere/at-all"], "status 127\nlaunch: /nowhere/at-all: No such file")):
            with self.subTest(command), self.assertRaisesRegex(RunError, says):
                launch_run(command, os.environ)

    def test_what_takes_too_long_is_ended(self):
        launch = bench_measure.Launch(["sh", "-c", "sleep 60; true"], os.environ)
        with self.assertRaisesRegex(RunError, "not done after 0.2 s"):
            launch.wait(0.2)
        self.assertNotEqual(launch.process.returncode, None)

    def test_a_failure_ends_the_bench_and_names_the_row(self):
        def run(_):
            return launch_run(["false"], os.environ)
        row = SimpleNamespace(title="some row", run=run)
        with self.assertRaisesRegex(SystemExit, "some row: glibc: false: status 1"):
            bench_measure.rounds_measure([row], [LIBC], 1)

    def test_a_peer_that_fails_is_said_to_and_the_bench_goes_on(self):
        def run(allocator):
            if allocator.name == "peer":
                return launch_run(["false"], os.environ)
            return Sample(1, 1, 1, 1, 1)
        row = SimpleNamespace(title="some row", run=run, idle=run)
        peer = Allocator("peer", None, "")
        with mock.patch.object(sys, "stderr", io.StringIO()) as said:
            samples = bench_measure.rounds_measure([row], [LIBC, peer], 2)
        self.assertEqual(samples["some row", "peer"], [bench_measure.FAILED] * 2)
        self.assertEqual(samples["some row", "glibc"], [Sample(1, 1, 1, 1, 1)] * 2)
        self.assertIn("some row: peer fails: false: status 1", said.getvalue())

    def test_output_that_is_no_figure_is_a_failure(self):
        with mock.patch.object(Workload, "command", lambda _: ["echo", "hello"]):
            with self.assertRaisesRegex(SystemExit, 'title: glibc: "hello" is not a key and a number'):
                bench_measure.rounds_measure([Workload("title", ("touch",))], [LIBC], 1)

    def test_every_round_has_every_allocator(self):
        seen = []
        row = SimpleNamespace(title="row", run=lambda allocator: seen.append(allocator.name))
        with contextlib.redirect_stderr(io.StringIO()):
            samples = bench_measure.rounds_measure([row], [LIBC, Allocator("other", None, "")], 4)
        self.assertEqual([set(seen[i:i + 2]) for i in range(0, 8, 2)], [{"glibc", "other"}] * 4)
        self.assertEqual({cell: len(runs) for cell, runs in samples.items()}, {("row", "glibc"): 4, ("row", "other"): 4})


    def test_short_rows_have_more_passes(self):
        self.assertEqual([bench_measure.passes_of(seconds, 3) for seconds in (0, 1, 1.1, 1.6, 100)], [3, 3, 2, 1, 1])
        seen = []
        row = SimpleNamespace(title="row", run=lambda allocator: seen.append(allocator.name))
        with contextlib.redirect_stderr(io.StringIO()):
            samples = bench_measure.rounds_measure([row], [LIBC, Allocator("other", None, "")], 2, passes_max=3)
        self.assertEqual([set(seen[i:i + 2]) for i in range(0, 12, 2)], [{"glibc", "other"}] * 6)
        self.assertEqual({len(runs) for runs in samples.values()}, {6})


class Options(unittest.TestCase):
    def bench(self, *options, **settings):
        build = Path(os.environ.get("CELLAR_BUILD", ROOT / "build"))
        environment = {**os.environ, "CELLAR_LIB": str(build / "libcellar.so"), **settings}
        return subprocess.run([ROOT / "scripts" / "bench", *options], capture_output=True, text=True, env=environment, check=False)

    def test_wrong_options(self):
        for options, says in ((["--rounds", "0"], "--rounds must be at least 1"),
                              (["--rounds", "x"], "argument --rounds: invalid int value: 'x'"),
                              (["--only", "nothing is called so"], 'no row\'s title contains "nothing is called so"'),
                              (["--only", "larson", "--only", "nope"], 'no row\'s title contains "nope"'),
                              (["--real", "--only", "larson"], 'no row\'s title contains "larson"'),
                              (["--real", "--synthetic"], "argument --synthetic: not allowed with argument --real"),
                              (["--bogus"], "unrecognized arguments: --bogus")):
            with self.subTest(options):
                done = self.bench(*options)
                self.assertEqual((done.returncode, done.stdout, done.stderr), (2, "", f"bench: {says}\n"))

    def test_peers_that_are_not(self):
        for options, settings, says in ((["--peers", "nobody"], {}, '--peers: no peer is named "nobody"; there are glibc'),
                                        (["--peers", "Cellar"], {}, '--peers: no peer is named "Cellar"'),
                                        (["--peers", ""], {}, "--peers: name at least one"),
                                        ([], {"PEERS": "x=/nowhere.so"}, "PEERS: x: /nowhere.so is not there"),
                                        ([], {"CELLAR_LIB": "/nowhere.so"}, "/nowhere.so is not there: run make first")):
            with self.subTest(options=options, settings=settings):
                done = self.bench(*options, **settings)
                self.assertNotEqual(done.returncode, 0)
                self.assertTrue(done.stderr.splitlines()[-1].startswith(f"bench: {says}"), done.stderr)

    def test_list(self):
        done = self.bench("--list", "--only", "larson", "--only", "redis")
        self.assertEqual(done.stdout.splitlines(),
                         ["larson, 1 thread", "larson, 2 threads", "larson, 8 threads", "redis-server under redis-benchmark"])


class Tap(unittest.TextTestResult):
    """A point for each test; what failed follows it."""

    def point(self, word, test, text=""):
        print(f"{word} {self.testsRun} - {test.id().removeprefix('__main__.')}")
        for line in text.splitlines():
            print(f"# {line}")

    def stopTest(self, test):
        complaints = [text for case, text in (*self.failures, *self.errors)
                      if case is test or getattr(case, "test_case", None) is test]
        self.point("not ok" if complaints else "ok", test, "\n".join(complaints))
        super().stopTest(test)


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    print(f"1..{suite.countTestCases()}")
    result = unittest.TextTestRunner(stream=io.StringIO(), resultclass=Tap).run(suite)
    sys.exit(not result.wasSuccessful())


if __name__ == "__main__":
    main()
