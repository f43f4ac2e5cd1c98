"""Results of files, as JSON; what they say of the two stubs."""
import json
import os
import re
import subprocess
from datetime import datetime, timezone

from suite.one_file import logs_of, verdicts_of
from suite.places import ROOT, SuiteError

FORMAT = 1
STUBS = ("kernel", "qemu")


def _first_line(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()[0]


def machine():
    """What the results are of."""
    processor = re.search(r"(?m)^model name\s*: (.*)$", open("/proc/cpuinfo").read())
    return {"processor": processor.group(1) if processor else "unknown", "cores": os.cpu_count(),
            "gdb": _first_line("gdb", "--version"), "qemu": _first_line("qemu-system-x86_64", "--version"),
            "date": datetime.now(timezone.utc).strftime("%Y-%m-%d")}


def commit():
    return _first_line("git", "-C", ROOT, "rev-parse", "--short=12", "HEAD")


def read(path):
    if not path.exists():
        return {"format": FORMAT, "machine": machine(), "files": {}}
    results = json.loads(path.read_text())
    if results.get("format") != FORMAT:
        raise SuiteError(f"{path} was expected to hold results of format {FORMAT}: remove it to begin anew")
    return results


def write(path, results):
    """Complete or not at all: a run may be ended at any time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    lines = ",\n".join(f'  {json.dumps(file)}: {json.dumps(result)}' for file, result in sorted(results["files"].items()))
    head = json.dumps({key: results[key] for key in ("format", "machine")}, indent=1)
    new.write_text(head.removesuffix("\n}") + ',\n "files": {\n' + lines + "\n }\n}\n")
    new.replace(path)


def passes(result, stub):
    return result[stub]["counts"].get("PASS", 0)


def is_worse(result):
    """Whether the kernel's stub has fewer tests that pass than QEMU's."""
    return all(stub in result for stub in STUBS) and passes(result, "kernel") < passes(result, "qemu")


def lost(file):
    """The tests that pass with QEMU's stub and not with the kernel's, of the logs."""
    kernel, qemu = ({test for verdict, test in verdicts_of(open(f"{logs_of(file, stub)}.sum", errors="replace").read())
                     if verdict == "PASS"} for stub in STUBS)
    return sorted(qemu - kernel)
