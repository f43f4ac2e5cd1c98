"""What a debugger waits for."""
import re
import signal
import subprocess
import tempfile
import time

from toro_bench.elf import Image
from toro_bench.guest import PATIENCE, end_with_parent
from toro_bench.model import SUBJECT, Group, Measurement, Row, Sample, Turn
from toro_bench.rsp import Stopped

TITLE = "what a debugger waits for"
ABOUT = ("By the stub in the kernel (toro) and by QEMU's own, both behind `toro`'s broker. The breakpoint is that of GDB or "
         "LLDB, from `toro debug` with everything built; what else GDB does is named so, and the rest is bare packets of the "
         "protocol, of a debug image.")

STEPS = 200
READ_BYTES = 64 * 1024
INTERRUPTS = 5
STUBS = ((SUBJECT, "kernel"), ("qemu", "qemu"))

DEBUGGERS = {
    "gdb": ("break main\ncontinue\n", r"^(Thread .* hit )?Breakpoint 1, "),
    "lldb": ("breakpoint set --name main\ncontinue\n", r"stop reason = breakpoint 1"),
}


def _seconds_until(command, pattern):
    """Until a command prints a line that matches; the command is ended then."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, preexec_fn=end_with_parent)
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if re.search(pattern, line):
                return time.perf_counter() - begin
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        process.stdout.close()
    raise Measurement(f"no line matched {pattern!r}: {''.join(said[-5:]).strip()}")


def _breakpoint(bench, debugger, stub):
    script, pattern = DEBUGGERS[debugger]
    with tempfile.NamedTemporaryFile("w", suffix=".script") as file:
        file.write(script)
        file.flush()
        seconds = _seconds_until([bench.tool, "debug", "hello", "--debugger", debugger, "--stub", stub, "--batch",
                                  file.name, "--timeout", str(PATIENCE)], pattern)
    yield Sample(Row(f"breakpoint.{debugger}", f"toro debug to the breakpoint in main, {debugger}", "ms"), seconds * 1000)


# In GDB's own Python. The second half of 64 MB holds nothing that either image needs.
_GDB = f"""
break main
continue
python
import time
def timed(name, command, count):
    begin = time.perf_counter()
    for _ in range(count):
        gdb.execute(command, to_string=True)
    print("toro-bench", name, (time.perf_counter() - begin) / count)
timed("step", "stepi", {STEPS})
timed("dump", "dump binary memory /dev/null 0x2000000 0x3000000", 1)
end
"""


def _by_gdb(bench, stub):
    with tempfile.NamedTemporaryFile("w", suffix=".script") as file:
        file.write(_GDB)
        file.flush()
        said = bench.toro("debug", "hello", "--memory", "64M", "--stub", stub, "--batch", file.name, "--timeout", PATIENCE)
    seconds = dict(re.findall(r"^toro-bench (\w+) (\S+)$", said, re.MULTILINE))
    if set(seconds) != {"step", "dump"}:
        raise Measurement(f"two figures were expected of GDB, found was: {said[-300:].strip()}")
    yield Sample(Row("gdb.step", "GDB: stepi", "µs"), float(seconds["step"]) * 1e6)
    yield Sample(Row("gdb.dump", "GDB: dump memory of 16 MB", "ms"), float(seconds["dump"]) * 1e3)


def _packets(bench, stub):
    path = bench.image("bench-idle", "debug")
    image = Image(path)
    words = [path, "--config", "debug", "--stub", stub, "--listen", "0", "--wait", "--json"]
    with Stopped(bench.tool, words) as target:
        distance = target.distance(image)
        main = image.symbols["main"] + distance
        target.ask(f"Z1,{main:x},1")
        target.resume("c")
        begin = time.perf_counter()
        for _ in range(STEPS):
            target.resume("s")
        yield Sample(Row("step", "a step of one instruction", "µs"), (time.perf_counter() - begin) / STEPS * 1e6)

        chunk = min((target.packet_size - 16) // 2, READ_BYTES)
        begin = time.perf_counter()
        for offset in range(0, READ_BYTES, chunk):
            size = min(chunk, READ_BYTES - offset)
            reply = target.ask(f"m{image.low + distance + offset:x},{size:x}")
            if len(reply) != 2 * size:
                raise Measurement(f"{size} bytes of memory were expected, found was {reply[:40]!r}")
        yield Sample(Row("read", "reading 64 KB, in packets as large as the stub takes", "ms"),
                     (time.perf_counter() - begin) * 1000)

        target.ask(f"z1,{main:x},1")
        for _ in range(INTERRUPTS):
            target.send("c")
            time.sleep(0.1)  # the guest is to be on its way, or asleep: nothing tells
            begin = time.perf_counter()
            target.interrupt()
            yield Sample(Row("stop", "from Ctrl-C to the stop", "ms"), (time.perf_counter() - begin) * 1000)


def groups(bench):
    yield Group([Turn(series, lambda stub=stub: _breakpoint(bench, "gdb", stub)) for series, stub in STUBS], 4)
    yield Group([Turn(SUBJECT, lambda: _breakpoint(bench, "lldb", "kernel"))], 3)
    yield Group([Turn(series, lambda stub=stub: _by_gdb(bench, stub)) for series, stub in STUBS], 5)
    yield Group([Turn(series, lambda stub=stub: _packets(bench, stub)) for series, stub in STUBS], 3)
