"""What a system call costs."""
from toro_bench.program import Run, program_groups

TITLE = "what a system call costs"
ABOUT = ("Null is the cheapest system call there is; native is a call of Toro's own interface, which needs none.")

RUNS = (Run(("null", "native", "clock-gettime")),)


def groups(bench):
    return program_groups(bench, "syscall", RUNS)
