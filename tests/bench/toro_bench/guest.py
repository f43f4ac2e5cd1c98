"""Runs images in QEMU, and ends every QEMU whatever happens."""
import ctypes
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from toro_bench.model import Measurement, NotHere

# Seconds, for a loaded machine that emulates its guest; nothing waits for as long on a quiet one.
PATIENCE = 60

_libc = ctypes.CDLL(None)


def end_with_parent():
    """For preexec_fn: the child is killed when this program dies."""
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Network:
    """A network of its own, with the loopback interface and a tap device where the host is HOST; `with Network() as
    network`. It goes with this object. A program is in it by preexec_fn=network.enter."""

    TAP, HOST, GUEST, PREFIX = "tap0", "10.0.2.2", "10.0.2.15", 24

    def __enter__(self):
        is_root = os.geteuid() == 0
        # It keeps the namespaces until its input ends, which is at the latest when this program does.
        self._keeper = subprocess.Popen(["unshare", "--net", *(() if is_root else ("--map-root-user",)), "cat"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
        self._namespaces = ("net",) if is_root else ("user", "net")
        try:
            self._keeper.stdin.write(b"\n")
        except BrokenPipeError:
            pass
        if not self._keeper.stdout.read(1):
            self.__exit__()
            raise NotHere("no network namespace may be made here")
        try:
            self.run("ip", "link", "set", "lo", "up")
            self.run("ip", "tuntap", "add", self.TAP, "mode", "tap")
            self.run("ip", "address", "add", f"{self.HOST}/{self.PREFIX}", "dev", self.TAP)
            self.run("ip", "link", "set", self.TAP, "up")
        except Measurement:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._keeper.stdin.close()
        self._keeper.wait()
        self._keeper.stdout.close()

    def enter(self):
        for name in self._namespaces:
            with open(f"/proc/{self._keeper.pid}/ns/{name}") as namespace:
                if _libc.setns(namespace.fileno(), 0) != 0:
                    raise OSError(f"setns to a namespace of its own: {name}")
        end_with_parent()

    def run(self, *command):
        """What a program in this network prints."""
        done = subprocess.run(command, capture_output=True, text=True, preexec_fn=self.enter)
        if done.returncode != 0:
            raise Measurement(f"{command[0]} ended with status {done.returncode}: {done.stderr.strip()}")
        return done.stdout


def with_memory(command, size):
    """The same command with another size of memory, such as "3M"; `toro run` would refuse less than a board's minimum."""
    at = command.index("-m")
    return [*command[:at + 1], size, *command[at + 2:]]


def with_kernel(command, image):
    """The same command with another image."""
    at = command.index("-kernel")
    return [*command[:at + 1], str(image), *command[at + 2:]]


def with_option(command, option):
    """The same command with an option for the kernel, before those that it has."""
    at = command.index("-append") + 1
    return [*command[:at], f"{option} {command[at]}".strip(), *command[at + 1:]]


def with_tap(command):
    """The same command with its network device on the tap device of a Network."""
    at = command.index("-netdev") + 1
    return [*command[:at], f"tap,id=net0,ifname={Network.TAP},script=no,downscript=no", *command[at + 1:]]


def without_exit(command):
    """The same command without the port that ends the machine: what would end, halts."""
    at = next(i for i, word in enumerate(command) if word.startswith("isa-debug-exit"))
    return [*command[:at - 1], *command[at + 1:]]


class Guest:
    """A running QEMU; `with Guest(command) as guest`. "$RUN" in the command is the run's own directory; so it is in `before`,
    what a shell does first, whose processes end with the guest. Both are in `network`, where there is one."""

    def __init__(self, command, extra=(), before="", network=None):
        self._command, self._extra, self._before = command, extra, before
        self._prepare = network.enter if network else end_with_parent
        self._servers = None

    def __enter__(self):
        self._directory = tempfile.mkdtemp(prefix="toro-bench-")
        if self._before:
            self._servers = subprocess.Popen(["sh", "-c", f"{self._before} && echo && wait"], stdout=subprocess.PIPE,
                                             stderr=subprocess.DEVNULL, env=dict(os.environ, RUN=self._directory),
                                             start_new_session=True, preexec_fn=self._prepare)
            self._servers.stdout.readline()
        command = [word.replace("$RUN", self._directory) for word in [*self._command, *self._extra]]
        self.output = b""
        self.started = time.perf_counter()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        preexec_fn=self._prepare)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()
        if self._servers:
            self._end_servers()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _end_servers(self):
        try:
            os.killpg(self._servers.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._servers.wait()
        self._servers.stdout.close()

    def _read(self, deadline):
        if not select.select([self.process.stdout], [], [], max(0, deadline - time.perf_counter()))[0]:
            return False
        data = os.read(self.process.stdout.fileno(), 65536)
        self.output += data
        return bool(data)

    def until(self, pattern, timeout=PATIENCE):
        """Seconds from the start until the console's output has matched."""
        deadline = self.started + timeout
        while not re.search(pattern, self.output):
            if not self._read(deadline):
                raise Measurement(f"{pattern.decode()!r} was expected on the console, found was "
                                  f"{self.output[-300:].decode(errors='replace')!r} {self.errors()}")
        return time.perf_counter() - self.started

    def line(self, timeout=PATIENCE):
        """The first line of the console."""
        self.until(rb"\n", timeout)
        return self.output.partition(b"\n")[0].decode(errors="replace")

    def end(self, timeout=PATIENCE):
        """Seconds from the start until QEMU has ended by itself."""
        deadline = self.started + timeout
        while self._read(deadline):
            pass
        try:
            self.process.wait(max(0, deadline - time.perf_counter()))
        except subprocess.TimeoutExpired:
            raise Measurement(f"the guest was expected to end within {timeout} s; it said last: "
                              f"{self.output[-300:].decode(errors='replace')!r}") from None
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

    def resident_kib(self):
        """Memory of QEMU that is there, the guest's included."""
        return int(re.search(r"^VmRSS:\s*(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text(), re.MULTILINE)[1])
