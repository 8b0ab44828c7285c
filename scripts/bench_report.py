"""What the bench says: tables in Markdown, on stdout and in bench/results, and every sample in JSON."""
import contextlib
import io
import json
import math
import statistics
from dataclasses import asdict, dataclass
from typing import Callable

from bench_common import RESULTS, figure, machine_print, table_print
from bench_figures import above, geometric_mean, medians, ratios_to_best, ratios_to_others, relatives
from bench_measure import FAILED
from peers import CELLAR, ROOT


@dataclass(frozen=True)
class Measure:
    """A quantity of the samples. goal bounds the geometric mean to the best peer, row_goal every row. One that changes with the
    speed of the machine is compared within each pass."""
    key: str
    title: str
    figure_of: Callable
    goal: float = None
    row_goal: float = None
    within_passes: bool = False


TIME = Measure("time", "time", lambda sample: sample.time, 1.00, 1.10, True)
PEAK = Measure("peak_rss", "peak RSS", lambda sample: sample.peak_rss_kib, 1.05, 1.30)
CPU = Measure("cpu", "CPU time", lambda sample: sample.cpu_s, within_passes=True)
FAULTS = Measure("faults", "minor faults", lambda sample: sample.minor_faults)
IDLE = Measure("idle_rss", "RSS after an idle second", None, 1.05, 1.30)


class Results:
    """All that was measured, and the tables that follow from it. A table leaves out what has no rows."""

    def __init__(self, rows, allocators, samples, idle):
        self.rows = rows
        self.names = [allocator.name for allocator in allocators]
        self.allocators = allocators
        self.samples = samples
        self.idle = idle

    def titles(self, group=None):
        return [row.title for row in self.rows if group in (None, row.group)]

    def comparable(self, measure):
        """The table whose figures of a row are to be divided by each other; alone they say nothing."""
        if measure.within_passes:
            return relatives(self.samples, self.titles(), self.names, measure.figure_of)
        return self.table(measure)

    def table(self, measure):
        """That of medians."""
        if measure is IDLE:
            titles = [title for title in self.titles() if all((title, name) in self.idle for name in self.names)]
            return {name: {title: self.idle[title, name] for title in titles} for name in self.names}
        return medians(self.samples, self.titles(), self.names, measure.figure_of)

    def groups(self, column):
        """[(title of the group, the values of its rows)], without groups that have no rows."""
        for title, group in (("all rows", None), ("synthetic", "synthetic"), ("real programs", "real")):
            values = [column[row] for row in self.titles(group) if row in column]
            if values:
                yield title, values

    def further(self):
        """[(row, key, {name: median})] of what some programs print besides."""
        for title in self.titles():
            keys = {key: None for name in self.names for sample in self.samples[title, name] for key in sample.further}
            for key in keys:
                yield title, key, {name: statistics.median(sample.further.get(key, math.inf) for sample in self.samples[title, name])
                                   for name in self.names}



def seconds_or_ns(row, value):
    return f"{value:.3f}" if row.unit == "s" and math.isfinite(value) else figure(value)


def time_print(results, rounds, passes_max):
    print("## Time\n")
    passes = f", short rows with up to {passes_max} passes in each" if passes_max > 1 else ""
    print(f"Median (smallest-largest) of {rounds} rounds{passes}: nanoseconds an operation, or seconds of a real program.\n")
    lines = []
    for row in results.rows:
        cells = []
        for name in results.names:
            values = [sample.time for sample in results.samples[row.title, name]]
            if math.isinf(statistics.median(values)):
                cells.append("fails")
                continue
            low, middle, high = (seconds_or_ns(row, value) for value in (min(values), statistics.median(values), max(values)))
            cells.append(f"{middle} ({low}-{high})")
        lines.append([f"{row.title}, {row.unit}", *cells])
    table_print(["row", *results.names], lines)


def absolute_print(results, measure, unit, divisor):
    table = results.table(measure)
    titles = next(iter(table.values())).keys()
    if titles:
        print(f"## {measure.title[0].upper()}{measure.title[1:]}, {unit}\n")
        table_print(["row", *results.names],
                    [[title, *(figure(table[name][title] / divisor) for name in results.names)] for title in titles])


def ratios_print(results, measure):
    ratios = ratios_to_best(results.comparable(measure))
    titles = next(iter(ratios.values())).keys()
    if not titles:
        return
    print(f"## {measure.title[0].upper()}{measure.title[1:]} / best of the row\n")
    if measure.within_passes:
        print("Each run by the geometric mean of its pass, of which the middle half counts: not quite the ratios of the medians above.\n")
    lines = [[title, *(f"{ratios[name][title]:.2f}" for name in results.names)] for title in titles]
    means = {name: dict(results.groups(ratios[name])) for name in results.names}
    for group in means[results.names[0]]:
        lines.append([f"geometric mean, {group}",
                      *(f"{geometric_mean(means[name][group]):.3f}" for name in results.names)])
    table_print(["row", *results.names], lines)


def summary_print(results, measures):
    """Each allocator against the best of the others: below 1, it leads."""
    print("## Geometric means against the best of the others in each row\n")
    print("Below 1.00 an allocator leads: its figure by the smallest that any other column has in the row.\n")
    lines = []
    for measure in measures:
        table = results.comparable(measure)
        groups = {name: dict(results.groups(ratios_to_others(table, name))) for name in results.names}
        for group, values in groups[results.names[0]].items():
            lines.append([f"{measure.title}, {group} ({len(values)})",
                          *(f"{geometric_mean(groups[name][group]):.3f}" for name in results.names)])
    table_print(["what", *results.names], lines)


def goals_print(results, measures):
    print(f"## {CELLAR} against its goals\n")
    lines, worse = [], []
    for measure in measures:
        column = ratios_to_others(results.comparable(measure), CELLAR)
        if not column or measure.goal is None:
            continue
        mean = geometric_mean(column.values())
        title, worst = max(column.items(), key=lambda row: row[1])
        over = above(column, measure.row_goal)
        met = "met" if mean <= measure.goal and not over else "missed"
        lines.append([measure.title, f"{mean:.3f}", f"{measure.goal:.2f}", f"{worst:.2f} ({title})",
                      f"{measure.row_goal:.2f}", f"{len(over)} of {len(column)}", met])
        worse += [[measure.title, row, f"{value:.2f}"] for row, value in over]
    table_print(["what", "geometric mean to the best peer", "goal", "worst row", "goal of each row", "rows above it",
                 "verdict"], lines)
    if worse:
        print(f"Rows of {CELLAR} above the goal of each row:\n")
        table_print(["what", "row", "to the best peer"], worse)


def further_print(results):
    lines = [[f"{title}: {key}", *(figure(values[name]) for name in results.names)]
             for title, key, values in results.further()]
    if lines:
        print("## Further figures\n")
        table_print(["row: what", *results.names], lines)


def head_print(results, machine, parameters):
    machine_print("the bench", machine)
    print(f"- load average at the end: {' '.join(map(str, machine['load_average_at_end']))}")
    print(f"- {parameters['rounds']} interleaved rounds{', quick' if parameters['quick'] else ''}, "
          f"{len(results.rows)} rows, {parameters['seconds']} s in all; each run is a process of its own")
    for allocator in results.allocators:
        where = f" ({allocator.path})" if allocator.path else ""
        print(f"- {allocator.name}: {allocator.version}{where}")
    for name, version in parameters["programs"].items():
        print(f"- {name}: {version}")
    for title, need in parameters["left_out"].items():
        print(f"- left out: {title}: {need} is not installed")
    print()


def report_text(results, machine, parameters):
    measures = (TIME, CPU, PEAK, IDLE)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        head_print(results, machine, parameters)
        time_print(results, parameters["rounds"], parameters["passes_max"])
        ratios_print(results, TIME)
        ratios_print(results, CPU)
        absolute_print(results, PEAK, "MiB", 1024)
        ratios_print(results, PEAK)
        absolute_print(results, IDLE, "MiB", 1024)
        ratios_print(results, IDLE)
        absolute_print(results, FAULTS, "of a run", 1)
        further_print(results)
        summary_print(results, measures)
        goals_print(results, measures)
    return out.getvalue()


def results_write(results, machine, parameters, stamp):
    """Prints the report, and writes it beside the samples."""
    text = report_text(results, machine, parameters)
    print(text, end="")
    RESULTS.mkdir(parents=True, exist_ok=True)
    record = {
        "machine": machine,
        "parameters": parameters,
        "allocators": [{"name": a.name, "path": str(a.path or ""), "version": a.version} for a in results.allocators],
        "rows": [{"title": row.title, "group": row.group, "unit": row.unit,
                  "samples": {name: [None if sample is FAILED else asdict(sample) for sample in results.samples[row.title, name]]
                              for name in results.names},
                  "idle_rss_kib": {name: results.idle[row.title, name] for name in results.names
                                   if (row.title, name) in results.idle}} for row in results.rows],
    }
    (RESULTS / f"bench-{stamp}.json").write_text(json.dumps(record, indent=1) + "\n")
    path = RESULTS / f"bench-{stamp}.md"
    path.write_text(text)
    print(f"Written: {path.relative_to(ROOT)}, and every sample to {path.stem}.json beside it")
