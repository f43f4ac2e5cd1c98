"""docs/gdb-testsuite.md, from results."""
from collections import Counter

from suite.results import STUBS, passes

HEAD = """\
# GDB's testsuite

GDB's own testsuite (Debian's `gdb-source`), run on guests: each program is built as an image by the commands that the
SDK's CMake package gives, and booted in QEMU behind the broker; GDB connects by `target remote`. Each file was run with the kernel's
stub and then with QEMU's own (`--stub qemu`), on the same image. This page is generated.

    ./toro setup --for test                             # gdb-source and dejagnu; the suite is unpacked below build/
    tests/gdb/run gdb.base/break gdb.threads/schedlock  # these files; DejaGnu's logs are in build/gdb-testsuite/logs
    tests/gdb/run --json docs/gdb-testsuite.json        # all files that this has not, one after the other: hours
    tests/gdb/page                                      # this page

`--limit` is the time for a file and a stub (seconds; 300 where nothing is said), `--seconds` ends the run after the file that it falls into; the next
run goes on. Nothing outlives a file. The status is 1 when a file passes fewer tests with the kernel's stub than with QEMU's. The
files are data, `tests/gdb/files.json`: of gdb.base and gdb.threads those that need neither fork, signals,
arguments of `main`, shared libraries, a second run of a program, nor GDB's non-stop mode. `./toro test` runs a few of them.

| | |
|---|---|
| processor | {processor}, {cores} cores |
| GDB | {gdb} |
| QEMU | {qemu} |
| commits | {commits} |
| date | {date} |
"""

TABLE = """
{title}: {count} files with tests that pass, {kernel} tests with the kernel's stub, {qemu} with QEMU's.

| file | kernel's stub: pass | fail | other | QEMU's stub: pass | fail | other | seconds | |
|---|---:|---:|---:|---:|---:|---:|---:|---|
"""


def _cells(result):
    counts = result["counts"]
    failed = counts.get("FAIL", 0)
    other = sum(counts.values()) - counts.get("PASS", 0) - failed
    return [str(counts.get("PASS", 0)), str(failed or ""), str(other or "")]


def _remark(file, result, notes):
    late = [f"the time ended it with {'the kernel' if stub == 'kernel' else 'QEMU'}'s stub" for stub in STUBS
            if not result[stub]["ended"]]
    return "; ".join(late + [notes[file]] if file in notes else late)


def _table(title, files, notes):
    totals = {stub: sum(passes(result, stub) for result in files.values()) for stub in STUBS}
    lines = [TABLE.format(title=title, count=len(files), **totals).rstrip("\n")]
    for file, result in files.items():
        seconds = " / ".join(f"{result[stub]['seconds']:.0f}" for stub in STUBS)
        cells = [file.split("/")[1], *_cells(result["kernel"]), *_cells(result["qemu"]), seconds, _remark(file, result, notes)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def page_of(results, notes):
    files = {file: result for file, result in sorted(results["files"].items())
             if all(stub in result for stub in STUBS)}
    shown = {file: result for file, result in files.items() if any(passes(result, stub) for stub in STUBS)}
    worse = [file for file, result in shown.items() if passes(result, "kernel") < passes(result, "qemu")]
    commits = Counter(result["commit"] for result in files.values()).most_common()
    of_each = ", ".join(f"{commit} ({count} files)" for commit, count in commits)
    parts = [HEAD.format(**results["machine"], commits=of_each)]
    parts.append(f"\nOn {len(shown) - len(worse)} of {len(shown)} files at least as many tests pass with the kernel's stub as with QEMU's"
                 + (f"; fewer on {', '.join(worse)}" if worse else "") + ".\n")
    for group in ("gdb.base", "gdb.threads"):
        parts.append(f"\n## {group}\n")
        parts.append(_table(group, {file: result for file, result in shown.items() if file.startswith(group + "/")}, notes))
    silent = [file for file in files if file not in shown]
    if silent:
        parts.append(f"\nNo test of these passes with either: {', '.join(silent)}.\n")
    return "".join(parts)
