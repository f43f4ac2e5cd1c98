"""Starts images in QEMU as `toro run` does, and ends every QEMU whatever happens."""
import ctypes
import os
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TORO = ROOT / "toro"

_libc = ctypes.CDLL(None)


def end_with_parent():
    """For preexec_fn: the child is killed when this program dies."""
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Measurement(Exception):
    """A figure that could not be taken: the text says why."""


_commands = {}


def qemu_command(image, arguments=()):
    """QEMU's command line for an image, under TCG, with "$RUN" for the run's own directory."""
    key = (str(image), tuple(arguments))
    if key not in _commands:
        if not Path(image).exists():
            raise Measurement(f"{image} was expected and is not built")
        words = [TORO, "run", image, "--accel", "tcg", "--print-command", *(["--", *arguments] if arguments else [])]
        done = subprocess.run([str(w) for w in words], capture_output=True, text=True)
        if done.returncode != 0:
            raise Measurement(f"toro run --print-command: {done.stderr.strip()}")
        _commands[key] = shlex.split(done.stdout.split("&&", 1)[1])
    return _commands[key]


def with_memory(command, size):
    """The same command with another size of memory, such as "3M"; `toro run` would refuse less than a board's minimum."""
    at = command.index("-m")
    return [*command[:at + 1], size, *command[at + 2:]]


class Guest:
    """A running QEMU; `with Guest(command) as guest`."""

    def __init__(self, command, extra=()):
        self._command, self._extra = command, extra

    def __enter__(self):
        self._directory = tempfile.mkdtemp(prefix="toro-bench-")
        command = [word.replace("$RUN", self._directory) for word in [*self._command, *self._extra]]
        self.output = b""
        self.started = time.perf_counter()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        preexec_fn=end_with_parent)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _read(self, deadline):
        if not select.select([self.process.stdout], [], [], max(0, deadline - time.perf_counter()))[0]:
            return False
        data = os.read(self.process.stdout.fileno(), 65536)
        self.output += data
        return bool(data)

    def first_byte(self, timeout=10):
        """Seconds from the start to the first byte of the console."""
        deadline = self.started + timeout
        if not self.output and not self._read(deadline):
            raise Measurement(f"nothing was printed: {self.errors()}")
        return time.perf_counter() - self.started

    def line(self, timeout=10):
        """The first line of the console."""
        deadline = self.started + timeout
        while b"\n" not in self.output and self._read(deadline):
            pass
        line, newline, _ = self.output.partition(b"\n")
        if not newline:
            raise Measurement(f"no line was printed: {self.output!r} {self.errors()}")
        return line.decode(errors="replace")

    def end(self, timeout=10):
        """Seconds from the start until QEMU has ended by itself."""
        deadline = self.started + timeout
        while self._read(deadline):
            pass
        try:
            self.process.wait(max(0, deadline - time.perf_counter()))
        except subprocess.TimeoutExpired:
            raise Measurement(f"the guest did not end within {timeout} s") from None
        return time.perf_counter() - self.started

    def status(self):
        """main's exit status, or None where the guest ended without one."""
        try:
            return Path(self._directory, "exit").read_bytes()[-1]
        except (OSError, IndexError):
            return None

    def file(self, name):
        return Path(self._directory, name)

    def errors(self):
        if self.process.poll() is None:
            return ""
        return self.process.stderr.read().decode(errors="replace").strip()

    def cpu_seconds(self):
        """Processor time of QEMU so far, all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
