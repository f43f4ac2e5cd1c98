"""What memory costs."""
from toro_bench.program import Run, program_groups

TITLE = "what memory costs"
ABOUT = ("malloc and free of one size, a mixed trace, and blocks that one core takes and another gives back.")

RUNS = (Run(("malloc-16", "malloc-64", "malloc-256", "malloc-1024", "malloc-4096", "malloc-65536", "malloc-1048576", "mixed")),
        Run(("cross-core",), cores=2))


def groups(bench):
    return program_groups(bench, "heap", RUNS)
