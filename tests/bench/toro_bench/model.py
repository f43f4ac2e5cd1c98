"""What a benchmark is made of, and what comes out of it.

A figure belongs to a row (what is measured) and a series (whom it is measured of). Less is better in every row.
"""
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

SUBJECT = "toro"
# What a user would take instead, or what the host itself costs: shown beside the subject, never judged.
REFERENCES = ("floor", "linux", "qemu", "tcp")


class Measurement(Exception):
    """A figure that could not be taken: the text says why."""


class NotHere(Measurement):
    """A figure that does not exist here, such as that of a second core on a board with one. No failure."""


@dataclass(frozen=True)
class Row:
    key: str
    what: str
    unit: str
    exact: bool = False  # the same in every run, so that any difference is one of the code


@dataclass(frozen=True)
class Sample:
    row: Row
    value: float
    series: str | None = None  # where it is not that of the turn


@dataclass
class Turn:
    series: str
    take: Callable[[], Iterable["Sample | Missing"]]  # may raise Measurement
    every: int = 1  # taken in each so-manieth round: for what takes long


@dataclass
class Group:
    """Turns that alternate, so that what else the machine does meets all of them."""
    turns: list[Turn]
    rounds: int = 1
    exact: bool = False  # all rows are; only such groups belong to the short form


@dataclass
class Measured:
    """A row with the samples of each series."""
    row: Row
    samples: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Missing:
    what: str
    why: str
    fails: bool  # false: it does not exist here, or only a reference is missing


@dataclass
class Outcome:
    """What one benchmark gave."""
    name: str
    title: str
    about: str
    rows: dict[str, Measured] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)
