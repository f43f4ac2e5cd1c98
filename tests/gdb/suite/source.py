"""The testsuite itself, unpacked from Debian's package gdb-source."""
import shutil
import subprocess
from pathlib import Path

from suite.places import HERE, WORK, SuiteError


def _archive():
    found = sorted(Path("/usr/src").glob("gdb.tar.*"))
    if not found:
        raise SuiteError("GDB's sources were expected at /usr/src/gdb.tar.xz: `toro setup --for test` installs them")
    return found[-1]


def unpack():
    """The folder of the testsuite. What was unpacked of the same archive is used again."""
    archive = _archive()
    folder, stamp = WORK / "testsuite", WORK / "testsuite.stamp"
    status = archive.stat()
    wanted = f"{archive} {status.st_size} {status.st_mtime_ns}\n"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        subprocess.run(["tar", "-xf", archive, "--strip-components=3", "-C", folder, "--wildcards",
                        "*/gdb/testsuite/*"], check=True)
        stamp.write_text(wanted)
    # DejaGnu looks there for what knows our target, and takes default.exp where it finds none.
    config = folder / "config/toro-guest.exp"
    if not config.is_symlink():
        config.symlink_to(HERE / "dejagnu/toro-guest.exp")
    return folder
