"""Which machine figures are of."""
import datetime
import os
import re
import subprocess
from pathlib import Path


def _output(*command):
    try:
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _processor():
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else "unknown"


def _commit(root):
    commit = _output("git", "-C", root, "rev-parse", "--short=12", "HEAD")
    changed = commit and _output("git", "-C", root, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}, with changes" if changed else commit or "unknown"


def load_average():
    """Of the last minute, of five, of fifteen."""
    return [round(load, 2) for load in os.getloadavg()]


def machine_of(root, accelerator):
    """The report's "machine"; "load" gets what the load was when the run began, and its end is added to it."""
    return {"processor": _processor(), "cores": os.cpu_count(), "accelerator": accelerator,
            "qemu": _output("qemu-system-x86_64", "--version").partition("\n")[0].removeprefix("QEMU emulator version "),
            "kernel": os.uname().release, "commit": _commit(root),
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
            "load_before": load_average()}
