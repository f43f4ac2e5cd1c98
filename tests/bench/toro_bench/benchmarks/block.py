"""What reading a disk costs."""
import os
import tempfile

from toro_bench.bench import LINUX_MEMORY_MIB
from toro_bench.model import SUBJECT, Group, Turn
from toro_bench.program import parse_lines, parse_skipped, run_program, time_samples

TITLE = "what reading a disk costs"
ABOUT = ("Time for each read of 4 KB at random places, one by one and 32 at a time, and of 1 MB in order, two at a time, from "
         "a raw image that the host has in its cache. On Linux by O_DIRECT and asynchronous I/O (libaio's calls), in batches "
         "as on Toro: on both a thread submits again at once all that have ended.")

IMAGE_MIB = 128


def _image():
    """A file with contents: of holes QEMU knows that there is nothing to read. Lives as long as this process."""
    file = tempfile.NamedTemporaryFile(prefix="toro-bench-disk-")
    block = os.urandom(1 << 20)
    for _ in range(IMAGE_MIB):
        file.write(block)
    file.flush()
    return file


def groups(bench):
    if bench.short:
        return
    image = bench.image("bench-block")
    disk = _image()
    options = {"memory_mib": LINUX_MEMORY_MIB, "disk": disk.name}

    def timed(series, command):
        console = run_program(command)
        return [*time_samples(parse_lines(console)), *parse_skipped(console, series)]

    yield Group([Turn(SUBJECT, lambda: timed(SUBJECT, bench.command(image, **options))),
                 Turn("linux", lambda: timed("linux", bench.linux_command("programs/block", **options)), every=2)], rounds=2)
    disk.close()
