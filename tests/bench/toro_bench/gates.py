"""Limits that figures are held to: data, in tests/bench/gates.json."""
import json
from dataclasses import dataclass
from pathlib import Path

from toro_bench.report import rows_of

GATES = Path(__file__).resolve().parents[1] / "gates.json"


@dataclass(frozen=True)
class Gate:
    """The median of a row's series may be at most `limit`."""
    benchmark: str
    row: str
    series: str
    limit: float
    exact: bool  # of a row that does not waver; the limit of one that does is shown, and fails nothing


def read_gates(path=GATES):
    return [Gate(**gate) for gate in json.loads(Path(path).read_text())]


def limits_of(gates):
    return {(gate.benchmark, gate.row, gate.series): gate.limit for gate in gates}


def broken_gates(gates, report):
    """A sentence for each exact gate that does not hold, or that a benchmark which ran has no figure for."""
    rows = {(name, row["key"]): row for name, row in rows_of(report)}
    ran = {benchmark["name"] for benchmark in report["benchmarks"]}
    sentences = []
    for gate in (gate for gate in gates if gate.exact and gate.benchmark in ran):
        name = f"{gate.benchmark}: {gate.row} of {gate.series}"
        row = rows.get((gate.benchmark, gate.row))
        if row is None or gate.series not in row["series"]:
            sentences.append(f"{name} has a limit and was not measured")
        elif row["series"][gate.series]["median"] > gate.limit:
            sentences.append(f"{name}: at most {gate.limit:,} {row['unit']} expected, "
                             f"{row['series'][gate.series]['median']:,} found")
    return sentences
