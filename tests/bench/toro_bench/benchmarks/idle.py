"""What a guest that waits costs the host."""
import contextlib
import time

from toro_bench.bench import LINUX_MEMORY_MIB
from toro_bench.guest import Guest, without_exit
from toro_bench.model import SUBJECT, Group, Row, Sample, Turn

TITLE = "what a guest that waits costs the host"
ABOUT = ("Processor time of QEMU over 30 s, in percent of one of the host's cores. All guests wait at the same time. The "
         "floor halts; the others sleep, or wait for input.")

SECONDS = 30
CORES = (1, 8)


def _guests(bench, cores):
    """(series, row, command, what the console says when it waits)"""
    options = {"cores": cores, "memory_mib": LINUX_MEMORY_MIB}
    cores_text = f"{cores} core{'s' * (cores > 1)}"
    pattern = rb"idle on %d cores" % cores
    rows = {words: Row(f"{what}.cores-{cores}", f"{what}, {cores_text}", "% of a core")
            for words, what in (((), "sleeps"), (("input",), "waits for input"))}
    for words, row in rows.items():
        for series, config in ((SUBJECT, "release"), ("toro debug", "debug")):
            yield series, row, bench.command(bench.image("bench-idle", config), words, **options), pattern
    yield "floor", rows[()], without_exit(bench.floor_command(**options)), rb"\."
    for words, row in rows.items():
        yield "linux", row, bench.linux_command("idle", words, **options), pattern


def _measure(bench, cores):
    with contextlib.ExitStack() as stack:
        guests = [(series, row, stack.enter_context(Guest(command)), pattern)
                  for series, row, command, pattern in _guests(bench, cores)]
        for _, _, guest, pattern in guests:
            guest.until(pattern)
        # Past what follows a boot: Linux frees and checks for some seconds.
        time.sleep(5)
        before, start = [guest.cpu_seconds() for _, _, guest, _ in guests], time.perf_counter()
        time.sleep(SECONDS)
        after, elapsed = [guest.cpu_seconds() for _, _, guest, _ in guests], time.perf_counter() - start
        for (series, row, guest, _), first, last in zip(guests, before, after):
            if guest.process.poll() is None:
                yield Sample(row, (last - first) / elapsed * 100, series)


def groups(bench):
    for cores in CORES:
        if cores <= bench.board.maximum_cores:
            yield Group([Turn(SUBJECT, lambda cores=cores: _measure(bench, cores))])
