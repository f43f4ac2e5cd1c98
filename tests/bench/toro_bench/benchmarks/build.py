"""How long a build with nothing to do takes: what stands before each start of a debugger."""
import time

from toro_bench.model import SUBJECT, Group, Row, Sample, Turn

TITLE = "`toro build` with nothing to do"
ABOUT = "What stands before each start of a debugger."


def groups(bench):
    def build():
        begin = time.perf_counter()
        bench.toro("build", "hello")
        return [Sample(Row("nothing", "toro build hello", "ms"), (time.perf_counter() - begin) * 1000)]

    bench.toro("build", "hello")
    yield Group([Turn(SUBJECT, build)], 5)
