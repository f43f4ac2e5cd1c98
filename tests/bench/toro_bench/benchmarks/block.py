"""What reading a disk costs."""
import os
import tempfile
from dataclasses import dataclass

from linux import linux_guest
from toro_bench.bench import LINUX_MEMORY_MIB
from toro_bench.guest import with_option
from toro_bench.model import SUBJECT, Group, Turn
from toro_bench.program import parse_lines, parse_skipped, run_program, time_samples

TITLE = "what reading a disk costs"
ABOUT = ("Time for each read of 4 KB at random places, one by one and 32 at a time, and of 1 MB in order, two at a time, from "
         "a raw image that the host has in its cache: of a virtio disk, and of an IDE drive whose bus master or whose processor "
         "moves the data. On Linux by O_DIRECT and asynchronous I/O (libaio's calls), in batches "
         "as on Toro: on both a thread submits again at once all that have ended.")

IMAGE_MIB = 128


@dataclass(frozen=True)
class Drive:
    board: str
    prefix: str = ""        # of its rows
    arguments: tuple = ()   # of the program
    toro_option: str = ""
    linux_modules: tuple = linux_guest.VIRTIO_MODULES


_IDE = ("--repeat", "1", "sequential-1m")
DRIVES = (Drive("qemu-microvm"),
          Drive("kvm-pc-emulated", "ide-dma-", _IDE, linux_modules=linux_guest.ide_modules()),
          Drive("kvm-pc-emulated", "ide-pio-", _IDE, "toro.ide=pio", linux_guest.ide_modules("dma=0")))


def _image():
    """A file with contents: of holes QEMU knows that there is nothing to read. Lives as long as this process."""
    file = tempfile.NamedTemporaryFile(prefix="toro-bench-disk-")
    block = os.urandom(1 << 20)
    for _ in range(IMAGE_MIB):
        file.write(block)
    file.flush()
    return file


def _group(bench, drive, disk):
    board = next(board for board in bench.boards if board.name == drive.board)
    image = bench.image("bench-block", board=board)
    options = {"board": board, "arguments": drive.arguments, "memory_mib": LINUX_MEMORY_MIB, "disk": disk}

    def timed(series, command):
        console = run_program(command)
        lines = [(drive.prefix + case, *rest) for case, *rest in parse_lines(console)]
        return [*time_samples(lines), *parse_skipped(console, series)]

    def toro():
        return timed(SUBJECT, with_option(bench.command(image, **options), drive.toro_option))

    def linux():
        return timed("linux", bench.linux_command("programs/block", modules=drive.linux_modules, **options))

    return Group([Turn(SUBJECT, toro), Turn("linux", linux, every=2)], rounds=2)


def groups(bench):
    if bench.short:
        return
    disk = _image()
    for drive in DRIVES:
        yield _group(bench, drive, disk.name)
    disk.close()
