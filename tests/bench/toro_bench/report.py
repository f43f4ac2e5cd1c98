"""A report: the figures of one run and the machine they are of, as JSON."""
import json
from pathlib import Path

from toro_bench.model import Measurement
from toro_bench.summary import summarise

FORMAT = 1


def _row(measured):
    row = measured.row
    series = {name: vars(summarise(samples)) for name, samples in measured.samples.items()}
    return {"key": row.key, "what": row.what, "unit": row.unit, "exact": row.exact, "series": series}


def report_of(machine, outcomes, short):
    return {"format": FORMAT, "short": short, "machine": machine,
            "benchmarks": [{"name": outcome.name, "title": outcome.title, "about": outcome.about,
                            "rows": [_row(measured) for measured in outcome.rows.values()],
                            "missing": [vars(missing) for missing in outcome.missing]} for outcome in outcomes]}


def rows_of(report):
    """(benchmark's name, row) of each row."""
    for benchmark in report["benchmarks"]:
        for row in benchmark["rows"]:
            yield benchmark["name"], row


def write_report(path, report):
    Path(path).write_text(json.dumps(report, indent=1) + "\n")


def read_report(path):
    try:
        report = json.loads(Path(path).read_text())
    except (OSError, ValueError) as failure:
        raise Measurement(f"{path} was expected to be a report that `toro bench --json` wrote: {failure}") from None
    found = report.get("format") if isinstance(report, dict) else None
    if found != FORMAT:
        raise Measurement(f"{path} was expected to be a report of format {FORMAT}: format {found} was found")
    return report
