"""The arithmetic of the bench: figures read from programs, medians, ratios to the best, geometric means. Nothing here runs
or prints anything.

A column is {title of a row: figure}; a table of figures is {name of an allocator: column}."""
import math
import statistics

NO_TIME = 1e-6  # what a figure of zero counts as in a ratio: less than any clock here shows


def keys_parse(text):
    """{key: number} of lines `key number`; anything else is an error."""
    figures = {}
    for line in text.splitlines():
        key, separator, value = line.strip().partition(" ")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not separator or not math.isfinite(number):
            raise ValueError(f'"{line.strip()}" is not a key and a number')
        if key in figures:
            raise ValueError(f'"{key}" was printed twice')
        figures[key] = number
    return figures


def geometric_mean(values):
    """None when there are no values. Those of failed runs, infinite, are left out."""
    values = [value for value in values if value != math.inf]
    if not values:
        return None
    return math.exp(statistics.fmean(math.log(max(value, NO_TIME)) for value in values))


def ratio(value, other):
    """Of a failed run: infinite."""
    if value == math.inf:
        return value
    return max(value, NO_TIME) / max(other, NO_TIME)


def medians(samples, titles, names, figure_of):
    """The table of medians of figure_of(sample) over the rounds."""
    return {name: {title: statistics.median(figure_of(sample) for sample in samples[title, name])
                   for title in titles} for name in names}


def middle_mean(values):
    """The geometric mean of the middle half of the values."""
    values = sorted(values)
    cut = len(values) // 4
    return geometric_mean(values[cut:len(values) - cut])


def relatives(samples, titles, names, figure_of):
    """The table of figure_of(sample) by the geometric mean of the same pass, over the middle half of the passes: what changes
    the speed of the machine from pass to pass changes that of all allocators alike. One that failed has no figure."""
    table = {name: {} for name in names}
    for title in titles:
        figures = {name: [figure_of(sample) for sample in samples[title, name]] for name in names}
        sound = [name for name in names if math.inf not in figures[name]]
        means = [geometric_mean(figures_of_pass) for figures_of_pass in zip(*(figures[name] for name in sound))]
        for name in names:
            table[name][title] = (middle_mean(map(ratio, figures[name], means)) if name in sound else math.inf)
    return table


def ratios_to_best(table):
    """Each figure by the smallest of its row; the best of a row has 1."""
    titles = next(iter(table.values())).keys()
    best = {title: min(column[title] for column in table.values()) for title in titles}
    return {name: {title: ratio(column[title], best[title]) for title in titles} for name, column in table.items()}


def ratios_to_others(table, name):
    """The column of one allocator, by the smallest figure that any other has in the row: below 1 it leads. Empty when
    there is no other."""
    others = [column for other, column in table.items() if other != name]
    if not others:
        return {}
    return {title: ratio(value, min(column[title] for column in others)) for title, value in table[name].items()}


def above(column, limit):
    """[(title, ratio)] of the rows above the limit, the worst first."""
    return sorted(((title, value) for title, value in column.items() if value > limit), key=lambda row: -row[1])
