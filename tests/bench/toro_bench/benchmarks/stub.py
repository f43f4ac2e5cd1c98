"""What the stub costs while nobody is connected."""
from toro_bench.boot_trace import BootTrace
from toro_bench.elf import Image
from toro_bench.guest import Guest
from toro_bench.model import Group, Row, Sample, Turn
from toro_bench.program import ICOUNT, count_of, parse_lines, run_program

TITLE = "what the stub costs while nobody is connected"
ABOUT = ("Instructions of debug images with the stub and of the same ones without it, under `-icount shift=0`; of boot, each "
         "one traced, up to the first line of main. Listening is with the port by which a debugger would come in the machine, "
         "which another image has as a device that it does not use. The cost is the difference, in percent of the figure "
         "without the stub on the same machine. The boot's time is from QEMU's start.")

# Series: whether the machine has the port, and what the image's name begins with: as many letters, since the kernel
# copies it.
WITH, LISTENING, WITHOUT, UNUSED = "toro debug", "listening", "without stub", "port unused"
IMAGES = {WITH: (False, "bench"), LISTENING: (True, "bench"), WITHOUT: (False, "plain"), UNUSED: (True, "plain")}
COSTS = {WITH: WITHOUT, LISTENING: UNUSED}
TIMED_BOOTS = 30
# (row, program, its case; None: its boot)
CASES = (("yield", "threads", "yield"), ("malloc", "heap", "malloc-64"), ("boot", "boot", None))


def _cost(bench, name, program, case):
    def count(listen, kind):
        image = bench.image(f"{kind}-{program}", "debug")
        command = bench.command(image, ("--quick", case) if case else (), accelerator="tcg", listen=listen)
        if case is None:
            return BootTrace(Image(image), command).total
        [figure] = count_of(parse_lines(run_program(command, ICOUNT))).values()
        return figure

    figures = {series: count(*image) for series, image in IMAGES.items()}
    for series, figure in figures.items():
        yield Sample(Row(name, name, "instructions", exact=True), figure, series)
        if series in COSTS:
            cost = (figure / figures[COSTS[series]] - 1) * 100
            yield Sample(Row(f"cost.{name}", f"{name}: cost", "%", exact=True), cost, series)


def _time(bench, series):
    listen, kind = IMAGES[series]
    with Guest(bench.command(bench.image(f"{kind}-boot", "debug"), listen=listen)) as guest:
        yield Sample(Row("time.boot", "boot", "ms"), guest.until(rb"toro-bench boot .*\n") * 1000)


def groups(bench):
    yield Group([Turn(series, lambda series=series: _time(bench, series)) for series in IMAGES], TIMED_BOOTS)
    yield Group([Turn(WITH, lambda case=case: _cost(bench, *case)) for case in CASES], exact=True)
