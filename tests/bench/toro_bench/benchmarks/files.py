"""What files cost: on a disk with ext2, and in a shared folder."""
import subprocess
import tempfile
from pathlib import Path

from linux import linux_guest
from toro_bench.bench import LINUX_MEMORY_MIB
from toro_bench.model import SUBJECT, Group, Turn
from toro_bench.program import parse_lines, parse_skipped, run_program, time_samples

TITLE = "what files cost"
ABOUT = ("On a virtio disk with ext2 (blocks of 4 KiB), and in a folder that virtiofsd shares (cache=auto): time for each MiB of a "
         "file of 256 MiB that is written in parts of 128 KiB, with fsync, or read; for each 4 KiB read at a random place of it; "
         "for each of 10,000 files of 1 KiB in one directory that is made, written and closed, looked at by stat, and listed. "
         "The filesystem is mounted anew before each, so that nothing is in memory; before stat-again all "
         "files are looked at once and listed.")

CASES = ("write", "read", "random-4k", "create", "stat", "stat-again", "readdir")
DISK_MIB = 512


def _disk(folder):
    """All of it is allocated on the host before anything is measured."""
    path = Path(folder, "disk.img")
    path.write_bytes(bytes(1 << 20) * DISK_MIB)
    subprocess.run(["/usr/sbin/mke2fs", "-q", "-F", "-t", "ext2", "-b", "4096", "-N", "16384", "-E", "nodiscard", str(path)], check=True)
    return path


def _group(bench, kind, **devices):
    options = {"arguments": ("--repeat", "1", *(f"{kind}-{case}" for case in CASES)), "memory_mib": LINUX_MEMORY_MIB, **devices}
    before = bench.servers(**devices) if "share" in devices else ""

    def timed(series, command):
        console = run_program(command, before=before)
        return [*time_samples(parse_lines(console)), *parse_skipped(console, series)]

    return Group([Turn(SUBJECT, lambda: timed(SUBJECT, bench.command(bench.image("bench-files"), **options))),
                  Turn("linux", lambda: timed("linux", bench.linux_command(
                      "programs/files", modules=linux_guest.SHARE_MODULES, **options)))], rounds=3)


def groups(bench):
    if bench.short:
        return
    with tempfile.TemporaryDirectory(prefix="toro-bench-files-") as folder:
        yield _group(bench, "ext2", disk=str(_disk(folder)))
        share = Path(folder, "share")
        share.mkdir()
        yield _group(bench, "virtiofs", share=str(share))
