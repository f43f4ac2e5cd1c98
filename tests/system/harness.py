"""Runs `toro` as a user does, and sees to it that nothing of a run is left."""

import fcntl
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import uuid

TORO = os.environ["TORO"]
SDK = os.environ["TORO_SDK"]
PROBE = os.environ.get("TORO_PROBE", "")
GUEST_READY = 60  # seconds: a loaded machine that emulates its guest


def build_targets(board, *targets):
    """Brings images of the SDK's tree up to date, holding the lock by which `toro` guards a build folder; the folder of
    the board's debug build."""
    hello = subprocess.run([TORO, "build", "hello", "--board", board], check=True, stdout=subprocess.PIPE, text=True).stdout
    folder = hello.partition("/samples/")[0]
    with open(os.path.join(folder, ".toro.lock"), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["ninja", "-C", folder, *targets], check=True, stdout=subprocess.DEVNULL)
    return folder


def random_parts(seed, size):
    """So many bytes, in parts."""
    source = random.Random(seed)
    while size:
        part = source.randbytes(min(size, 1 << 20))
        size -= len(part)
        yield part


def echo(address, seed, size, patience, *options):
    """Random bytes to a server of echoes, which are read while they go; how many went and came, with their checksums: two
    that are to be equal. `patience`: seconds without a byte."""
    with socket.create_connection(address, timeout=patience) as connection:
        for option in options:
            connection.setsockopt(*option)
        sent, back = hashlib.sha256(), hashlib.sha256()

        def send():
            for part in random_parts(seed, size):
                sent.update(part)
                for at in range(0, len(part), 1 << 16):  # each has its time: sendall() counts it for the whole
                    connection.sendall(part[at:at + (1 << 16)])
            connection.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        count = 0
        while part := connection.recv(1 << 18):
            back.update(part)
            count += len(part)
        sender.join(patience)
        return (size, sent.hexdigest()), (count, back.hexdigest())


class Result:
    def __init__(self, status, out, err):
        self.status = status
        self.out = out
        self.err = err

    def __str__(self):
        return f"status {self.status}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Case(unittest.TestCase):
    """One test: its processes carry a mark in their environment, its runs keep their folders in one of its own."""

    def setUp(self):
        self.mark = "TORO_TEST_MARK=" + uuid.uuid4().hex
        self.folder = tempfile.mkdtemp(prefix="tt-", dir="/tmp")
        self.runtime = os.path.join(self.folder, "run")
        os.mkdir(self.runtime)
        self.started = []

    def tearDown(self):
        for process in self.started:
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=10)
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    stream.close()
        left = self.survivors(wait=3)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        folders = os.listdir(self.runtime)
        shutil.rmtree(self.folder)
        self.assertEqual({}, left, "processes outlived the command")
        self.assertEqual([], self.expected_folders(folders), "a run left its folder")

    def expected_folders(self, folders):
        """A test that kills the tool by SIGKILL overrides this: nobody is there to remove the folder."""
        return folders

    def environment(self, **more):
        environment = dict(os.environ, XDG_RUNTIME_DIR=self.runtime, TORO_NO_INSTALL="1")
        name, value = self.mark.split("=")
        environment[name] = value
        environment.update(more)
        return environment

    def start(self, *words, program=None, **options):
        """Starts the command in a session of its own."""
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("start_new_session", True)
        environment = self.environment(**options.pop("environment", {}))
        process = subprocess.Popen([program or TORO, *words], env=environment, **options)
        self.started.append(process)
        return process

    def toro(self, *words, limit=120, input=None, **options):
        """Runs the command to its end."""
        if input is not None:
            options["stdin"] = subprocess.PIPE
        process = self.start(*words, **options)
        out, err = process.communicate(input=input.encode() if input is not None else None, timeout=limit)
        return Result(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))

    def probe(self, command, *words, options=(), **more):
        return self.toro(command, PROBE, "--timeout", str(GUEST_READY), *options, "--", *words, **more)

    def survivors(self, wait=0):
        """The processes that carry the mark, once `wait` seconds have not been enough for them to end."""
        end = time.monotonic() + wait
        while True:
            found = {}
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open(f"/proc/{pid}/environ", "rb") as environ:
                        marked = self.mark.encode() in environ.read()
                    with open(f"/proc/{pid}/stat") as stat:
                        zombie = stat.read().rsplit(")", 1)[1].split()[0] == "Z"
                    if marked and not zombie:
                        with open(f"/proc/{pid}/cmdline") as cmdline:
                            found[int(pid)] = cmdline.read().replace("\0", " ")[:120]
                except (FileNotFoundError, ProcessLookupError, PermissionError):
                    pass
            if not found or time.monotonic() > end:
                return found
            time.sleep(0.05)

    def event(self, process, name, limit=GUEST_READY):
        """The next JSON event of that name on the process's stderr."""
        end = time.monotonic() + limit
        seen = []
        while time.monotonic() < end:
            line = process.stderr.readline().decode()
            if not line:
                break
            seen.append(line)
            if line.startswith('{"event"'):
                event = json.loads(line)
                if event["event"] == name:
                    return event
        self.fail(f"event {name} was expected; stderr was: {''.join(seen)}")

    def console_until(self, process, text):
        """Reads the guest's console until the text has come."""
        seen = b""
        while text.encode() not in seen:
            byte = process.stdout.read(1)
            if not byte:
                self.fail(f"{text!r} was expected on the console; it was: {seen.decode(errors='replace')}")
            seen += byte
        return seen.decode(errors="replace")

    def refused(self, result, *parts, status=None):
        """One clear sentence, a status, nothing on the console."""
        message = [line for line in result.err.splitlines() if line.startswith("toro: error: ")]
        self.assertEqual(1, len(message), f"one error line was expected: {result}")
        for part in parts:
            self.assertIn(part, message[0])
        self.assertNotEqual(0, result.status)
        if status is not None:
            self.assertEqual(status, result.status, str(result))
        self.assertEqual({}, self.survivors(wait=2))

    def path_without(self, *programs):
        """A PATH that has everything but these."""
        folder = os.path.join(self.folder, "path-" + uuid.uuid4().hex[:6])
        os.mkdir(folder)
        for source in ("/usr/bin", "/usr/sbin", "/bin", "/sbin"):
            for name in os.listdir(source):
                if name not in programs and not os.path.lexists(os.path.join(folder, name)):
                    os.symlink(os.path.join(source, name), os.path.join(folder, name))
        return folder

    def file(self, name, text, mode=0o644):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as stream:
            stream.write(text)
        os.chmod(path, mode)
        return path


def main():
    unittest.main(verbosity=2)
