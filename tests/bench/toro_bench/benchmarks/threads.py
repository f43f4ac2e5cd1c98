"""What threads cost."""
from toro_bench.program import Run, program_groups

TITLE = "what threads cost"
ABOUT = ("Yield between two threads; creation, run and join by the system's own interface (native) and by POSIX threads; "
         "hand-over of a mutex and by a condition variable, how late a sleep ends, and ten thousand threads at once. Toro's "
         "are cooperative, its kernel is in the application.")

RUNS = (Run(("yield", "native-create-join", "create-join", "mutex", "condition", "sleep"), waits=("sleep",)),
        Run(("10000-threads",), memory_mib=2048))


def groups(bench):
    return program_groups(bench, "threads", RUNS)
