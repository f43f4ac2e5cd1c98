"""Benchmarks whose figures a program in the guest takes. It prints

    toro-bench CASE ITERATIONS NANOSECONDS TICKS
    toro-bench-skip CASE REASON
"""
import re
from dataclasses import dataclass

from toro_bench.bench import LINUX_MEMORY_MIB
from toro_bench.guest import Guest
from toro_bench.model import SUBJECT, Group, Measurement, Missing, Row, Sample, Turn

# With it the guest's TSC and its time go by the instructions that it executes, one a nanosecond.
ICOUNT = ["-icount", "shift=0"]
_SKIPPED = re.compile(r"^toro-bench-skip (\S+) (.*?)\r?$", re.MULTILINE)
_LINE = re.compile(r"^toro-bench (\S+) (\d+) (\d+) (\d+)\r?$", re.MULTILINE)
_PATIENCE = 300  # seconds for one run of all cases


def parse_lines(console):
    """(case, iterations, nanoseconds, ticks) of each line; several of one case are repetitions."""
    lines = [(case, int(iterations), int(nanoseconds), int(ticks))
             for case, iterations, nanoseconds, ticks in _LINE.findall(console)]
    if not lines:
        raise Measurement(f"lines `toro-bench …` were expected on the console, found was {console[-300:]!r}")
    return lines


def parse_skipped(console, series):
    """What the program cannot do on this machine."""
    return [Missing(f"{case} of {series}", why, False) for case, why in _SKIPPED.findall(console)]


def run_program(command, extra=(), before=""):
    """Returns the console."""
    with Guest(command, extra, before) as guest:
        guest.end(_PATIENCE)
        console = guest.output.decode(errors="replace")
        if guest.status() != 0:
            raise Measurement(f"the program was expected to end with status 0, {guest.status()} was found: {console[-300:]!r}")
        return console


def count_of(lines):
    """By case, the least of the repetitions: the first one also pays for what is done once."""
    least = {}
    for case, iterations, _, ticks in lines:
        least[case] = min(ticks / iterations, least.get(case, float("inf")))
    return least


def count_samples(lines):
    for case, value in count_of(lines).items():
        yield Sample(Row(f"instructions.{case}", case, "instructions", exact=True), value)


def time_samples(lines):
    for case, iterations, nanoseconds, _ in lines:
        yield Sample(Row(f"time.{case}", case, "ns"), nanoseconds / iterations)


@dataclass(frozen=True)
class Run:
    """Cases of a program, and the machine that they need."""
    cases: tuple
    cores: int = 1
    memory_mib: int = LINUX_MEMORY_MIB
    waits: tuple = ()  # those whose time passes without instructions: they have no count


def _counts(bench, image, run):
    counted = tuple(case for case in run.cases if case not in run.waits)

    def toro():
        # A hundredth of the iterations: a count needs no more.
        command = bench.command(image, ("--quick", *counted), memory_mib=run.memory_mib, accelerator="tcg")
        return count_samples(parse_lines(run_program(command, ICOUNT)))

    return Group([Turn(SUBJECT, toro)], exact=True)


def _times(bench, image, source, run):
    options = {"arguments": run.cases, "cores": run.cores, "memory_mib": run.memory_mib}

    def timed(series, command):
        console = run_program(command)
        return [*time_samples(parse_lines(console)), *parse_skipped(console, series)]

    # Linux once, between Toro's turns: it takes three times as long, and each turn repeats each case.
    return Group([Turn(SUBJECT, lambda: timed(SUBJECT, bench.command(image, **options))),
                  Turn("linux", lambda: timed("linux", bench.linux_command(source, **options)), every=2)], rounds=2)


def program_groups(bench, name, runs):
    """The groups of the benchmark whose program is in programs/NAME."""
    image = bench.image(f"bench-{name}")
    for run in runs:
        if run.cores == 1:  # a second core's instructions do not come in the same order in every run
            yield _counts(bench, image, run)
    for run in runs:
        yield _times(bench, image, f"programs/{name}", run)
