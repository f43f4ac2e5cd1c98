"""From QEMU's start to the first line of main."""
from toro_bench.boot_trace import BootTrace
from toro_bench.elf import Image
from toro_bench.guest import Guest
from toro_bench.model import SUBJECT, Group, NotHere, Row, Sample, Turn
from toro_bench.program import parse_lines, run_program

TITLE = "from QEMU's start to the first line of main"
ABOUT = ("Counts are instructions that the guest executes, each one traced (`-singlestep`), of the sample hello; Linux's "
         "are the TSC's at its line under `-icount shift=0`. Times are QEMU's start included, which is the floor's figure.")

# The program of one core, and one that asks for all cores, since only then Toro starts them: image, sources, its line.
SINGLE = ("bench-boot", "programs/boot", rb"toro-bench boot .*\n")
MULTIPLE = ("bench-idle", "idle", rb"idle.*\n")
# (cores, MB, with Linux too): it takes fifty times as long, and little of it depends on these.
MACHINES = ((1, 16, False), (1, 256, True), (1, 2048, False), (1, 8192, True), (2, 256, False), (8, 256, True))
DEFAULT_ROUNDS = 12
ROUNDS = 5
LINUX_EVERY = 3


def _instructions(bench, board):
    def traced(config):
        image = bench.image("hello", config, board)
        command = bench.command(image, board=board, accelerator="tcg")
        if not any(word.startswith("virtconsole,") for word in command):
            raise NotHere(f"the console of {board.name} is a serial line, which no trace tells of")
        trace = BootTrace(Image(image), command)
        to_main = sum(count for name, count in trace.stages if name != trace.MAIN)
        yield Sample(Row(f"instructions.{board.name}.main", f"{board.name}: entry to main", "instructions", True), to_main)
        yield Sample(Row(f"instructions.{board.name}.line", f"{board.name}: entry to the line", "instructions", True),
                     trace.total)
        for name, count in trace.stages:
            yield Sample(Row(f"instructions.{board.name}.stage.{name}", f"{board.name}: {name}", "instructions", True), count)

    def linux():
        row = Row(f"instructions.{board.name}.line", f"{board.name}: entry to the line", "instructions", True)
        [(_, _, _, ticks)] = parse_lines(run_program(bench.linux_command("programs/boot", board=board, icount=True)))
        yield Sample(row, ticks)

    return Group([Turn(SUBJECT, lambda: traced("release")), Turn("toro debug", lambda: traced("debug")),
                  Turn("linux", linux)], exact=True)


def _times(bench, board, cores, memory_mib, with_linux=False, rounds=ROUNDS):
    key = f"{board.name}.cores-{cores}.memory-{memory_mib}"
    what = f"{board.name}, {cores} core{'s' * (cores > 1)}, {memory_mib:,} MB"
    row, beyond = Row(f"time.{key}", what, "ms"), Row(f"beyond-floor.{key}", f"{what}: beyond its round's floor", "ms")
    name, source, line = SINGLE if cores == 1 else MULTIPLE
    options = {"board": board, "cores": cores, "memory_mib": memory_mib}
    last = {}

    def milliseconds(command, pattern):
        with Guest(command) as guest:
            return guest.until(pattern) * 1000

    def floor():
        last["floor"] = milliseconds(bench.floor_command(**options), rb"\.")
        yield Sample(row, last["floor"])

    def toro(config):
        time = milliseconds(bench.command(bench.image(name, config, board), **options), line)
        yield Sample(row, time)
        if rounds == DEFAULT_ROUNDS and "floor" in last:
            yield Sample(beyond, time - last["floor"])

    def linux():
        yield Sample(row, milliseconds(bench.linux_command(source, **options), line))

    turns = [Turn("floor", floor), Turn(SUBJECT, lambda: toro("release")), Turn("toro debug", lambda: toro("debug"))]
    return Group([*turns, Turn("linux", linux, LINUX_EVERY)] if with_linux else turns, rounds)


def groups(bench):
    for board in bench.boards:
        yield _instructions(bench, board)
    for board in bench.boards:
        yield _times(bench, board, 1, board.memory_mib, rounds=DEFAULT_ROUNDS)
        for cores, memory_mib, with_linux in MACHINES:
            if cores <= board.maximum_cores and bench.has_linux(board):
                yield _times(bench, board, cores, memory_mib, with_linux)
