"""Guests that wait to be debugged, and what debugs them: GDB by its machine interface, LLDB by its Python, and bare
packets. All of it goes through `toro run --listen`, so through the broker. Nothing here sleeps: it waits for events."""

import itertools
import json
import os
import queue
import re
import signal
import socket
import subprocess
import threading
import time

import harness

HERE = os.path.dirname(os.path.abspath(__file__))
BUILT = os.path.join(harness.SDK, "build/qemu-microvm-debug/tests/guest/debuggee/debuggee.elf")
DEBUGGEE = os.environ.get("TORO_DEBUGGEE", BUILT)
SOURCES = os.path.join(harness.SDK, "tests/guest/debuggee")
LINKED = 0x100000  # where the file has the image: sdk/toolchain/toro.ld
# Seconds, for a loaded machine that emulates its guest; nothing waits for as long on a quiet one.
PATIENCE = int(os.environ.get("TORO_TEST_PATIENCE", 60))


def place_of(mark):
    """The file and the line of the debuggee's sources that carry this mark."""
    for name in ("main.cpp", "lines.cpp", "cores.cpp"):
        with open(os.path.join(SOURCES, name)) as source:
            for number, line in enumerate(source, 1):
                if line.rstrip().endswith(f"// line: {mark}"):
                    return f"{name}:{number}"
    raise LookupError(mark)


def line_of(mark):
    return int(place_of(mark).split(":")[1])


class Text:
    """What a stream has brought so far, read by a thread of its own."""

    def __init__(self, stream):
        self.stream = stream
        self.text = ""
        self.ended = False
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while True:
            try:
                more = os.read(self.stream.fileno(), 65536)
            except (OSError, ValueError):
                more = b""
            with self.changed:
                self.text += more.decode(errors="replace").replace("\r", "")
                self.ended = not more
                self.changed.notify_all()
            if not more:
                return

    def wait(self, pattern, start=0, limit=PATIENCE):
        """The first match of the pattern after `start`; None once the stream has ended or time is up without one."""
        with self.changed:
            self.changed.wait_for(lambda: self.ended or re.search(pattern, self.text[start:]), timeout=limit)
            return re.search(pattern, self.text[start:])


class Guest:
    """A guest behind `toro run --listen`."""

    _numbers = itertools.count()

    def __init__(self, case, words, options=(), image=DEBUGGEE):
        self.case = case
        self.image = image
        self.log_file = os.path.join(case.folder, f"protocol-{next(self._numbers)}.log")
        self.log_read, self.log_lines = 0, []
        self.process = case.start(
            "run", image, "--listen", "0", "--json", "--aslr", "on", "--protocol-log", self.log_file,
            *([] if "--timeout" in options else ["--timeout", "300"]), *options, "--", *words, stdin=subprocess.PIPE)
        self.console = Text(self.process.stdout)
        self.events = Text(self.process.stderr)
        listening = self.event("listening")
        self.port, self.tables_port = listening["port"], listening["tables"]

    def event(self, name, start=0):
        found = self.events.wait(r'(?m)^\{"event":"%s".*\}$' % name, start)
        self.case.assertIsNotNone(found, f"event {name} was expected; told was: {self.events.text}")
        return json.loads(found.group(0))

    def says(self, pattern, start=0):
        """Waits until the console has said it; where that ends."""
        found = self.console.wait(pattern, start)
        self.case.assertIsNotNone(found, f"{pattern!r} was expected on the console; it was: {self.console.text}")
        return start + found.end()

    def goes_on(self):
        """A guest that beats does so from now on."""
        heard = len(self.console.text)
        self.says(r"beat \d+\n(.*\n)*beat \d+\n", heard)

    def types_until(self, done):
        """Types, so that the console interrupts, until that is so."""
        end = time.monotonic() + PATIENCE
        while not done():
            self.case.assertLess(time.monotonic(), end, f"protocol: {self.log()[-12:]}")
            self.types("\n")
            select_nothing(0.02)

    def types(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def ends(self, status):
        self.case.assertEqual(status, self.process.wait(timeout=PATIENCE), f"console: {self.console.text}")
        self.case.assertEqual(status, self.event("exited")["status"])

    def log(self):
        """The protocol so far: (seconds, who, what). What was read once is not read again."""
        with open(self.log_file, "rb") as stream:
            stream.seek(self.log_read)
            more, _, _ = stream.read().rpartition(b"\n")
        if more:
            self.log_read += len(more) + 1
            self.log_lines += [(float(line[:12]), line[13:21].strip(), line[22:])
                               for line in more.decode().split("\n")]
        return self.log_lines

    def requests(self, start=0):
        """The debugger's packets, without frame, from that line of the log on."""
        return [what[1:-3] for _, who, what in self.log()[start:] if who == "debugger" and what.startswith("$")]

    def stops(self, start=0):
        """The stub's reports of a stop, from that line of the log on."""
        return [what[1:-3] for _, who, what in self.log()[start:] if who == "stub" and what.startswith("$T")]

    def nmis(self):
        return sum(what == "no answer: NMI" for _, _, what in self.log())

    def logged(self, wanted, start=0, limit=PATIENCE):
        """Waits until a line of the log, not before `start`, is wanted; its place."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            for place, line in enumerate(self.log()[start:], start):
                if wanted(line):
                    return place
            select_nothing(0.005)
        self.case.fail(f"the protocol log was expected to show something else: {self.log()[start:][-20:]}")

    def seconds_to_stop(self, start):
        """How long the last interruption took, as the broker saw it."""
        log = self.log()[start:]
        asked = next(at for at, who, what in log if who == "debugger" and what == "\\x03")
        return next(at for at, who, what in log if who == "stub" and what.startswith("$T") and at >= asked) - asked


def select_nothing(seconds):
    """Between two looks at a file, which cannot be waited for."""
    threading.Event().wait(seconds)


class Tables:
    """What serves tables of kernel objects as JSON."""

    def __init__(self, case, port):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            self.stream = connection.makefile("rw")
        case.addCleanup(self.stream.close)

    def ask(self, *names):
        self.stream.write("".join(name + "\n" for name in names))
        self.stream.flush()
        answers = [json.loads(self.stream.readline()) for _ in names]
        return answers if len(answers) > 1 else answers[0]


class Stop:
    """How GDB came to stand."""

    def __init__(self, record, text):
        self.record = record
        self.text = text

    def __getattr__(self, name):
        found = re.search(r'[,{]%s="((?:[^"\\]|\\.)*)"' % name.replace("_", "-"), self.record)
        return found.group(1) if found else None

    def __repr__(self):
        return f"{self.record}\n{self.text}"


class Debugger:
    """What both have in common."""

    def run_until(self, command, pattern):
        """Lets the guest run in small pieces until the command's answer, the last of which is returned, shows that it
        has come to where it stays."""
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, said := self(command)):
            self.case.assertLess(time.monotonic(), end, f"{pattern!r} was expected: {said}")
            self.let_run()
            self.interrupt()
        return said

    def state(self):
        return f"protocol: {self.guest.log()[-12:]}\nconsole: {self.guest.console.text}" if self.guest else ""

    def kill(self):
        self.process.kill()
        self.process.wait()


class Gdb(Debugger):
    """A GDB of its own interface, by which the end of each command and each stop are told."""

    def __init__(self, case, guest=None):
        self.case = case
        self.guest = guest
        self.process = case.start("-q", "-nx", "--interpreter=mi3", guest.image if guest else DEBUGGEE, program="gdb",
                                  stdin=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.records = queue.Queue()
        self.said = []
        self.numbers = itertools.count(1)
        threading.Thread(target=self.read, daemon=True).start()
        for setting in ("pagination off", "confirm off", "width 0", "debuginfod enabled off", "remotetimeout 30",
                        "print thread-events off"):
            self(f"set {setting}")
        if guest:
            self.attach()

    def attach(self):
        self.attached = self.go(f"target remote 127.0.0.1:{self.guest.port}")

    def read(self):
        for line in iter(self.process.stdout.readline, b""):
            self.records.put(line.decode(errors="replace").rstrip("\n"))
        self.records.put(None)

    def record(self, limit=PATIENCE):
        """The next record that is no text; text goes to self.said."""
        while True:
            try:
                line = self.records.get(timeout=limit)
            except queue.Empty:
                self.case.fail(f"GDB was expected to say something more than: {''.join(self.said)}\n{self.state()}")
            self.case.assertIsNotNone(line, f"GDB ended: {''.join(self.said)}")
            if line[:1] in "~@&":
                self.said.append(c_string(line[1:]))
            else:
                return line

    def send(self, command):
        number = next(self.numbers)
        text = command.replace("\\", "\\\\").replace('"', '\\"')
        self.process.stdin.write(f'{number}-interpreter-exec console "{text}"\n'.encode())
        self.process.stdin.flush()
        return number

    def mi(self, command):
        """Carries out a command of the interface itself; its result's record."""
        number = next(self.numbers)
        self.process.stdin.write(f"{number}{command}\n".encode())
        self.process.stdin.flush()
        result, _ = self.result(number)
        self.case.assertTrue(result.startswith("done"), f"{command}: {result}")
        return result

    def result(self, number):
        """What the command's own result is: done, running, error; and stops that came before it."""
        stops = []
        while True:
            record = self.record()
            if record.startswith("*stopped"):
                stops.append(record)
            if record.startswith(f"{number}^"):
                return record[len(str(number)) + 1:], stops

    def __call__(self, command):
        """Carries the command out; what it said."""
        self.said = []
        result, stops = self.result(self.send(command))
        if result == "running" and not stops:  # a function called, a target connected
            self.stopped()
        text = "".join(self.said)
        self.case.assertFalse(result.startswith("error"), f"{command}: {result}\n{text}")
        return text

    def fails(self, command):
        """Carries out a command that is expected to fail; its sentence."""
        self.said = []
        number = self.send(command)
        result, stops = self.result(number)
        if result == "running" and not stops:
            result, _ = self.result(number)  # said to run, and did not
        self.case.assertTrue(result.startswith("error"), f"{command} was expected to fail: {''.join(self.said)}")
        return c_string(re.search(r'msg=("(?:[^"\\]|\\.)*")', result).group(1)) + "\n" + "".join(self.said)

    def go(self, command):
        """Carries out a command that lets the guest go, and waits until it stands again."""
        return self.stopped(self.start(command))

    def start(self, command):
        """Carries out a command that lets the guest go; the stops that came with its result."""
        self.said = []
        result, stops = self.result(self.send(command))
        self.case.assertFalse(result.startswith("error"), f"{command}: {result}")
        return stops

    def stopped(self, stops=()):
        stops = list(stops)
        while not stops:
            record = self.record()
            if record.startswith("*stopped"):
                stops.append(record)
            self.case.assertNotRegex(record, r"^\d+\^error", "".join(self.said))
        return Stop(stops[-1], "".join(self.said))

    def let_run(self, command="continue"):
        """Lets the guest run; returns once the request is on its way. The place in the log from which on it runs."""
        place = len(self.guest.log())
        self.start(command)
        return self.guest.logged(lambda line: line[1] == "debugger" and resumes(line[2]), place)

    def interrupt(self):
        """Ctrl-C; how it came to stand."""
        self.process.send_signal(signal.SIGINT)
        return self.stopped()

    def value(self, expression, format="d"):
        said = self(f"output/{format} {expression}")
        return int(said, 0) if format in "dux" else said

    def threads(self):
        """Each thread as (number, name, state, rest)."""
        pattern = r'(?m)^[* ] +(\d+) +Thread (\d+) "([^"]*)" \(([^)]*)\) +(.*)$'
        return [(int(number), name, state, frame) for number, _, name, state, frame in
                re.findall(pattern, self("info threads"))]

    def leave(self):
        self.case.assertIn("detached", self("detach"))

    def detach(self):
        self.leave()
        self.quit()

    def quit(self):
        self.process.stdin.write(b"-gdb-exit\n")
        self.process.stdin.flush()
        self.process.wait(timeout=PATIENCE)


def resumes(logged):
    return bool(re.match(r"\$(vCont;|[cCsS])", logged))


def c_string(quoted):
    escapes = {"n": "\n", "t": "\t"}
    return re.sub(r"\\(.)", lambda found: escapes.get(found.group(1), found.group(1)), quoted.strip()[1:-1])


class Lldb(Debugger):
    """An LLDB whose commands are given and answered by lldb_driver.py, which it runs within itself."""

    def __init__(self, case, guest=None):
        self.case = case
        self.guest = guest
        self.process = case.start("--no-lldbinit", "--batch", "-o",
                                  f"command script import {HERE}/lldb_driver.py", program="lldb-22",
                                  stdin=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  environment={"PYTHONDONTWRITEBYTECODE": "1"})
        self.answers = queue.Queue()
        self.noise = []
        threading.Thread(target=self.read, daemon=True).start()
        self(f"settings set plugin.process.gdb-remote.packet-timeout {PATIENCE}")
        self("settings set auto-confirm true")
        self(f"target create {guest.image if guest else DEBUGGEE}")
        if guest:
            self.attach()

    def attach(self):
        self.attached = self(f"gdb-remote 127.0.0.1:{self.guest.port}")

    def read(self):
        for line in iter(self.process.stdout.readline, b""):
            text = line.decode(errors="replace")
            if text.startswith("@answer "):
                self.answers.put(json.loads(text[8:]))
            else:
                self.noise.append(text)
        self.answers.put(None)

    def send(self, command):
        self.process.stdin.write((command + "\n").encode())
        self.process.stdin.flush()

    def answer(self):
        try:
            answer = self.answers.get(timeout=PATIENCE)
        except queue.Empty:
            self.case.fail(f"LLDB was expected to answer: {''.join(self.noise)}\n{self.state()}")
        self.case.assertIsNotNone(answer, f"LLDB ended: {''.join(self.noise)}")
        return answer

    def __call__(self, command):
        self.send(command)
        answer = self.answer()
        self.case.assertTrue(answer["succeeded"], f"{command}: {answer}")
        return answer["output"]

    def fails(self, command):
        self.send(command)
        answer = self.answer()
        self.case.assertFalse(answer["succeeded"], f"{command} was expected to fail: {answer}")
        return answer["error"]

    def go(self, command):
        """Carries out a command that lets the guest go and waits until it stands again; where and why."""
        self(command)
        return self("thread info") + self("frame info")

    def let_run(self):
        place = len(self.guest.log())
        self.send("continue")
        return self.guest.logged(lambda line: line[1] == "debugger" and resumes(line[2]), place)

    def interrupt(self):
        self.send("@interrupt")
        self.answer()
        return self("thread info")

    def leave(self):
        self("process detach")

    def detach(self):
        self.leave()
        self.quit()

    def quit(self):
        self.process.stdin.close()
        self.process.wait(timeout=PATIENCE)


def framed(payload):
    return b"$" + payload + b"#%02x" % (sum(payload) % 256)


class Wire:
    """The protocol itself, without a debugger."""

    def __init__(self, case, guest):
        self.case = case
        self.guest = guest
        self.socket = socket.create_connection(("127.0.0.1", guest.port), timeout=PATIENCE)
        self.received = b""

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        data = self.socket.recv(65536)
        self.case.assertNotEqual(b"", data, f"the line was closed after {self.received}")
        self.received += data

    def byte(self):
        while not self.received:
            self.more()
        first, self.received = self.received[:1], self.received[1:]
        return first

    def reply(self):
        """The next packet's payload; acknowledgements before it are dropped."""
        while True:
            while b"#" not in self.received or len(self.received) < self.received.index(b"#") + 3:
                self.more()
            end = self.received.index(b"#") + 3
            packet, self.received = self.received[:end], self.received[end:]
            packet = packet.lstrip(b"+-")
            self.case.assertEqual(framed(packet[1:-3]), packet)
            return packet[1:-3]

    def ask(self, payload):
        self.send(framed(payload))
        return self.reply()

    def moved(self, address):
        """Where the image has what its file has there."""
        place = re.fullmatch(rb"TextSeg=(\w+)", self.ask(b"qOffsets"))
        return address - LINKED + int(place.group(1), 16)

    def quiet(self):
        """Nothing more comes before the answer to one more question."""
        self.case.assertEqual(b"QC", self.ask(b"qC")[:2])
        self.case.assertEqual(b"", self.received.strip(b"+"))


class Case(harness.Case):
    @classmethod
    def setUpClass(cls):
        if not os.path.exists(DEBUGGEE):
            raise FileNotFoundError(f"{DEBUGGEE}: `./toro test --label system` builds it")

    def boot(self, *words, wait=False, options=(), image=DEBUGGEE):
        """A guest that has come to what it is to do; or, with `wait`, that waits for its debugger before main."""
        guest = Guest(self, words, [*options, *(["--wait"] if wait else [])], image)
        if not wait:
            guest.says("debuggee: " + words[0])
        return guest
