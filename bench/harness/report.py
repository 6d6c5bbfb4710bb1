"""Figures to text: medians with their spread, Markdown tables, sections of RESULTS.md."""

import os
import statistics

from harness import paths

RESULTS = paths.ROOT / "bench" / "RESULTS.md"
TITLE = "# Results\n\nWritten by the scripts in this folder; README.md says how to read them.\n"


def median(values):
    """The median of the values that are there, or None."""
    present = [value for value in values if value is not None]
    return statistics.median(present) if present else None


def spread_percent(values):
    """Half the distance of the extremes, in percent of the median."""
    middle = median(values)
    return (max(values) - min(values)) / 2 / middle * 100 if middle else 0.0


def count(value):
    return "-" if value is None else f"{value:,.0f}"


def microseconds(value):
    return "-" if value is None else f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"


def milliseconds(value_us):
    return "-" if value_us is None else f"{value_us / 1000:,.2f}"


def percent(fraction):
    return "-" if fraction is None else f"{fraction * 100:.0f}"


def table(heads, rows):
    """A Markdown table, its columns aligned so that it reads as well in a terminal."""
    cells = [heads, *rows]
    widths = [max(len(str(row[at])) for row in cells) for at in range(len(heads))]

    def line(row):
        first = str(row[0]).ljust(widths[0])
        rest = [str(cell).rjust(width) for cell, width in zip(row[1:], widths[1:])]
        return f"| {' | '.join([first, *rest])} |"

    rule = f"|{'-' * (widths[0] + 2)}|" + "".join(f"{'-' * (w + 1)}:|" for w in widths[1:])
    return "\n".join([line(heads), rule, *map(line, rows)])


def bullets(lines):
    return "\n".join(f"- {line}" for line in lines)


def save_section(name, text):
    """Replaces the section of that name in RESULTS.md, or appends it."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    section = f"{begin}\n## {name}\n\n{text.strip()}\n{end}"
    old = RESULTS.read_text() if RESULTS.exists() else TITLE
    if begin in old:
        before, rest = old.split(begin, 1)
        new = before + section + rest.split(end, 1)[1]
    else:
        new = f"{old.rstrip()}\n\n{section}\n"
    draft = RESULTS.with_suffix(".draft")
    draft.write_text(new)
    os.replace(draft, RESULTS)
