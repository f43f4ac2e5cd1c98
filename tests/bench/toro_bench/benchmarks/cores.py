"""What cores cost each other."""
from toro_bench.model import NotHere
from toro_bench.program import Run, program_groups

TITLE = "what cores cost each other"
ABOUT = ("A cache line that two cores pass to and fro; a message and its answer between threads that look for it, and between "
         "cores that may halt (round-trip); work carried to another core, waking one that halts, and messages from each to each.")

RUNS = (Run(("cache-line", "message", "round-trip", "run-on", "wake", "all-to-all"), cores=2),)


def groups(bench):
    if bench.board.maximum_cores < 2:
        raise NotHere(f"not on this board: {bench.board.name} has one core")
    return program_groups(bench, "cores", RUNS)
