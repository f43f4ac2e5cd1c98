"""Reports made up for tests."""
from toro_bench.model import Measured, Outcome, Row
from toro_bench.report import report_of

MACHINE = {"processor": "P", "cores": 2, "accelerator": "tcg", "qemu": "7.2", "kernel": "6.1", "commit": "c0ffee",
           "date": "2026-01-01 00:00 UTC", "load_before": [0.1, 0.2, 0.3], "load_after": [1, 2, 3]}


def report(rows, missing=(), **machine):
    """`rows`: {key: (exact, {series: samples})} of a benchmark "threads"."""
    outcome = Outcome("threads", "what threads cost", "About threads.", missing=list(missing))
    for key, (exact, samples) in rows.items():
        row = Row(key, f"what {key} is", "instructions" if exact else "ns", exact)
        outcome.rows[key] = Measured(row, samples)
    return report_of({**MACHINE, **machine}, [outcome], False)
