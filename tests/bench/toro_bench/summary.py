"""Samples in three numbers: the median, and the quartiles as the spread."""
import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    median: float
    low: float   # the first quartile: a quarter of the samples is less
    high: float  # the third
    count: int


def rounded(value):
    """Five digits are more than any of this is worth; integers stay what they are."""
    return value if isinstance(value, int) else float(f"{value:.5g}")


def summarise(samples):
    if not samples:
        raise ValueError("at least one sample was expected")
    if len(samples) == 1:
        low = high = samples[0]
    else:
        low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
    return Summary(*(rounded(value) for value in (statistics.median(samples), low, high)), len(samples))
