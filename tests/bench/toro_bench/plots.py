"""A report as SVG files: one for each benchmark and unit."""
from pathlib import Path

from toro_bench.model import Measurement


def _pyplot():
    try:
        import matplotlib
    except ImportError:
        raise Measurement("--plot needs matplotlib, which this Python lacks: `toro setup --for bench` installs Debian's "
                          "python3-matplotlib") from None
    matplotlib.use("svg")
    import matplotlib.pyplot
    return matplotlib.pyplot


def _plot(pyplot, title, unit, rows, file):
    names = list(dict.fromkeys(name for row in rows for name in row["series"]))
    height = 0.8 / len(names)
    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.25 * len(rows) * len(names)), layout="constrained")
    for i, name in enumerate(names):
        bars = [(place + i * height, row["series"][name]) for place, row in enumerate(rows) if name in row["series"]]
        medians = [summary["median"] for _, summary in bars]
        spread = [[summary["median"] - summary["low"] for _, summary in bars],
                  [summary["high"] - summary["median"] for _, summary in bars]]
        axes.barh([place for place, _ in bars], medians, height, xerr=spread, label=name, capsize=2)
    values = [summary["median"] for row in rows for summary in row["series"].values() if summary["median"] > 0]
    if values and max(values) > 50 * min(values):
        axes.set_xscale("log")
    axes.set_yticks([place + 0.4 - height / 2 for place in range(len(rows))], [row["what"] for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.set_title(title)
    axes.legend()
    figure.savefig(file)
    pyplot.close(figure)


def check_plots():
    """Raises Measurement where plots cannot be made: before an hour of measuring, not after it."""
    _pyplot()


def write_plots(folder, report):
    """Returns the files."""
    pyplot = _pyplot()
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for benchmark in report["benchmarks"]:
        for unit in dict.fromkeys(row["unit"] for row in benchmark["rows"]):
            rows = [row for row in benchmark["rows"] if row["unit"] == unit]
            words = "".join(c if c.isalnum() else "-" for c in unit.replace("%", "percent"))
            files.append(folder / f"{benchmark['name']}-{words}.svg")
            _plot(pyplot, f"{benchmark['name']}: {benchmark['title']}", unit, rows, files[-1])
    return files
