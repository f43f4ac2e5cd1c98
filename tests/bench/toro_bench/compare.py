"""What got slower between two reports, beyond the noise."""
from dataclasses import dataclass

from toro_bench.model import REFERENCES
from toro_bench.report import rows_of

# Counts do not waver from run to run of one image. Other text or data in front of a loop moves a few of them.
EXACT_TOLERANCE = 0.005
# Times are different when the quartiles of both runs lie apart, and the medians by this much besides.
TIME_TOLERANCE = 0.05
# What times depend on besides the code: without it they say nothing.
SAME_MACHINE = ("processor", "accelerator", "qemu")


@dataclass(frozen=True)
class Change:
    benchmark: str
    what: str
    series: str
    unit: str
    before: float
    after: float

    @property
    def slower(self):
        return self.after > self.before

    @property
    def factor(self):
        return self.after / self.before if self.before else float("inf")


def machine_differences(before, after):
    return [f"{key}: {before['machine'][key]}, now {after['machine'][key]}" for key in SAME_MACHINE
            if before["machine"][key] != after["machine"][key]]


def _differs(exact, old, new):
    apart = abs(new["median"] - old["median"])
    if exact:
        return apart > EXACT_TOLERANCE * old["median"]
    return apart > TIME_TOLERANCE * old["median"] and (new["low"] > old["high"] or new["high"] < old["low"])


def changes(before, after):
    """What differs beyond the noise, of the rows and series that both reports have. Times are compared only where both
    are of the same machine."""
    same_machine = not machine_differences(before, after)
    old_rows = {(name, row["key"]): row for name, row in rows_of(before)}
    found = []
    for name, row in rows_of(after):
        old_row = old_rows.get((name, row["key"]))
        if old_row is None or old_row["unit"] != row["unit"] or not (row["exact"] or same_machine):
            continue
        for series, new in row["series"].items():
            old = old_row["series"].get(series)
            if series not in REFERENCES and old and _differs(row["exact"], old, new):
                found.append(Change(name, row["what"], series, row["unit"], old["median"], new["median"]))
    return found
