"""What memory guests need, and what QEMU takes for them."""
from toro_bench.elf import Image
from toro_bench.guest import Guest, with_memory, without_exit
from toro_bench.model import SUBJECT, Group, Measurement, Row, Sample, Turn

TITLE = "what memory guests need, and what QEMU takes for them"
ABOUT = ("The smallest memory is what QEMU can be given, in steps of 128 KB, so that the program ends with status 0. "
         "Resident is QEMU's own size, the guest in it, while the guest sleeps (the floor's: halts).")

STEP_KIB = 128
RESIDENT_MIB = (256, 2048)


def _least_kib(command, limit_mib, timeout):
    """The least that the program runs in; what it runs in at all, it runs in with more. Below the image's own end it
    is not tried: a machine without the memory that its code lies in may do anything, and often for long."""
    def runs(steps):
        with Guest(with_memory(command, f"{steps * STEP_KIB}K")) as guest:
            try:
                guest.end(timeout)
            except Measurement:
                return False
            return guest.status() == 0

    image = Image(command[command.index("-kernel") + 1])
    low, high = image.physical_end // 1024 // STEP_KIB, limit_mib * 1024 // STEP_KIB
    if not runs(high):
        raise Measurement(f"it does not run in {limit_mib} MB either")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if runs(middle) else (middle, high)
    return high * STEP_KIB


def groups(bench):
    def least(name, command, limit_mib, timeout):
        return lambda: [Sample(Row(f"least.{name}", f"smallest that runs {name}", "KB", exact=True),
                               _least_kib(command(), limit_mib, timeout))]

    def toro_command(name):
        return lambda: bench.command(bench.image(name), accelerator="tcg")

    turns = [Turn(SUBJECT, least(name, toro_command(name), 64, 30)) for name in ("bench-boot", *bench.samples_without_devices)]
    linux = Turn("linux", least("bench-boot", lambda: bench.linux_command("programs/boot"), 256, 20))
    yield Group([*turns, linux], exact=True)

    for memory_mib in RESIDENT_MIB:
        row = Row(f"resident.{memory_mib}", f"QEMU's resident memory, guest of {memory_mib:,} MB", "KB")

        def resident(command, pattern, row=row):
            with Guest(command) as guest:
                guest.until(pattern)
                return [Sample(row, guest.resident_kib())]

        def toro(config, memory_mib=memory_mib, resident=resident):
            return resident(bench.command(bench.image("bench-idle", config), memory_mib=memory_mib), b"idle")

        yield Group([
            Turn(SUBJECT, lambda toro=toro: toro("release")),
            Turn("toro debug", lambda toro=toro: toro("debug")),
            Turn("floor", lambda r=resident, m=memory_mib: r(without_exit(bench.floor_command(memory_mib=m)), rb"\.")),
            Turn("linux", lambda r=resident, m=memory_mib: r(bench.linux_command("idle", memory_mib=m), b"idle"))], 3)
