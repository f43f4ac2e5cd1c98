"""One file of the suite with one stub."""
import os
import re
import shutil
import tempfile
import time
from pathlib import Path

from suite import processes
from suite.places import HERE, ROOT, WORK

SITE = """\
set srcdir {testsuite}
set objdir {folder}
set host_triplet x86_64-pc-linux-gnu
set build_triplet x86_64-pc-linux-gnu
set target_triplet x86_64-unknown-elf
set target_alias x86_64-unknown-elf
set tool gdb
set GDB gdb
set GDB_DATA_DIRECTORY ""
set enable_libctf no
set OBJCOPY_FOR_TARGET {llvm}/llvm-objcopy
set STRIP_FOR_TARGET {llvm}/llvm-strip
set READELF_FOR_TARGET {llvm}/llvm-readelf
lappend boards_dir {home}/dejagnu {testsuite}/boards
"""
VERDICTS = ("PASS", "FAIL", "XPASS", "XFAIL", "KPASS", "KFAIL", "UNRESOLVED", "UNTESTED", "UNSUPPORTED", "ERROR")


def logs_of(file, stub):
    """Where DejaGnu's own summary and log of the last run are kept, without their suffix."""
    return WORK / "logs" / stub / file


def verdicts_of(summary):
    """(verdict, test) of each line that has one."""
    return re.findall(rf"(?m)^({'|'.join(VERDICTS)}): (.*)$", summary)


def _environment(stub, limit, program):
    environment = {name: value for name, value in os.environ.items() if name not in ("DEJAGNU", "DISPLAY")}
    return {"TORO": str(ROOT / "toro")} | environment | {
        "LC_ALL": "C", "TERM": "dumb", "DEBUGINFOD_URLS": "", "PYTHONDONTWRITEBYTECODE": "1", "TORO_SDK": str(ROOT),
        "TORO_GDB_HOME": str(HERE), "TORO_GDB_STUB": stub, "TORO_GDB_LIMIT": str(limit),
        "TORO_GDB_PROGRAM": str(program)}


def run(testsuite, program, file, stub, limit):
    """Counts by verdict, seconds, and whether it came to its end within `limit` seconds."""
    kept = logs_of(file, stub)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="toro-gdb-") as name:
        folder = Path(name)
        [*_, llvm] = sorted(Path("/usr/lib").glob("llvm-*/bin"))
        (folder / "site.exp").write_text(SITE.format(testsuite=testsuite, folder=folder, home=HERE, llvm=llvm))
        (folder / "gdb.sum").touch()
        begin = time.monotonic()
        with open(folder / "said", "w") as said:
            ended = processes.run(["runtest", "--target_board=toro", f"{file}.exp"], limit,
                                  _environment(stub, limit, program), cwd=folder, stdout=said, stderr=said)
        seconds = time.monotonic() - begin
        for suffix in ("sum", "log"):
            if (folder / f"gdb.{suffix}").exists():
                shutil.move(folder / f"gdb.{suffix}", f"{kept}.{suffix}")
    summary = Path(f"{kept}.sum").read_text(errors="replace")
    counts = {}
    for verdict, _ in verdicts_of(summary):
        counts[verdict] = counts.get(verdict, 0) + 1
    return {"counts": counts, "seconds": round(seconds, 1), "ended": ended}
