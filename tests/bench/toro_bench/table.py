"""A benchmark of a report as a table of texts, which the terminal and docs/performance.md show."""
from toro_bench.model import REFERENCES, SUBJECT


def number(value):
    if isinstance(value, float) and not value.is_integer() and abs(value) < 1000:
        return f"{value:.3g}"
    return f"{round(value):,}"


def _ratio(reference, subject):
    """How many times the subject's figure the reference's is."""
    known = subject and subject["median"] and reference["median"]
    return f" (×{number(reference['median'] / subject['median'])})" if known else ""


def _cell(row, name):
    summary = row["series"].get(name)
    if summary is None:
        return ""
    text = number(summary["median"])
    if not row["exact"] and summary["count"] > 1:
        text += f" [{number(summary['low'])}–{number(summary['high'])}]"
    return text + (_ratio(summary, row["series"].get(SUBJECT)) if name in REFERENCES else "")


def _limit(benchmark, row, limits):
    texts = []
    for name, summary in row["series"].items():
        limit = limits.get((benchmark["name"], row["key"], name))
        if limit is not None:
            verdict = "" if summary["median"] <= limit else " BEYOND"
            texts.append(f"≤ {number(limit)}{'' if name == SUBJECT else ' ' + name}{verdict}")
    return ", ".join(texts)


def table_of(benchmark, limits):
    """Rows of cells, the heading first. A column where nobody has anything is left out."""
    names = list(dict.fromkeys(name for row in benchmark["rows"] for name in row["series"]))
    names.sort(key=lambda name: name in REFERENCES)
    table = [["", "unit", *names, "limit"]]
    for row in benchmark["rows"]:
        table.append([row["what"], row["unit"], *(_cell(row, name) for name in names), _limit(benchmark, row, limits)])
    if not any(cells[-1] for cells in table[1:]):
        table = [cells[:-1] for cells in table]
    return table


def missing_lines(benchmark):
    return [f"not measured: {missing['what']}: {missing['why']}" for missing in benchmark["missing"]]


def as_text(benchmark, limits):
    table = table_of(benchmark, limits)
    widths = [max(len(cells[i]) for cells in table) for i in range(len(table[0]))]
    lines = [f"{benchmark['name']}: {benchmark['title']}"]
    if benchmark["rows"]:
        lines += ["  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip() for cells in table]
    return "\n".join(lines + ["  " + line for line in missing_lines(benchmark)]) + "\n"


def as_markdown(benchmark):
    heading, *rows = ([cell.replace("|", "\\|") for cell in cells] for cells in table_of(benchmark, {}))
    lines = [f"## {benchmark['name']}: {benchmark['title']}", "", benchmark["about"]]
    if rows:
        lines += ["", "| " + " | ".join(heading) + " |", "|---|---|" + "---:|" * (len(heading) - 2)]
        lines += ["| " + " | ".join(cells) + " |" for cells in rows]
    if benchmark["missing"]:
        lines += ["", *(f"- {line}" for line in missing_lines(benchmark))]
    return "\n".join(lines) + "\n"
