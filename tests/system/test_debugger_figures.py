"""How much a debugger has to ask, and how long it takes: limits that hold."""

import time

import debugger
import harness
from debugger import Gdb, Lldb, Wire


class Packets(debugger.Case):
    """Connecting, the list of 32 threads, and four steps of an instruction."""

    def guest_of_32_threads(self):
        guest = self.boot("cores-threads", "30", options=("--cores", "1"))
        with Wire(self, guest) as wire:
            while wire.ask(b"qXfer:threads:read::0,3f00").count(b"<thread ") < 32:
                wire.send(debugger.framed(b"c"))
                guest.types_until(lambda: True)
                wire.send(b"\x03")
                wire.reply()
        return guest, len(guest.log())

    def test_gdb(self):
        guest, start = self.guest_of_32_threads()
        gdb = Gdb(self, guest)
        self.assertLessEqual(32, len(gdb.threads()))
        for _ in range(4):
            gdb.go("stepi")
        self.assertLessEqual(len(guest.requests(start)), 210)

    def test_lldb(self):
        guest, start = self.guest_of_32_threads()
        lldb = Lldb(self, guest)
        self.assertLessEqual(32, lldb("thread list").count("thread #"))
        for _ in range(4):
            lldb.go("thread step-inst")
        self.assertLessEqual(len(guest.requests(start)), 85)


class Steps(debugger.Case):
    """What GDB asks for a step of an instruction, with the SDK's settings: the step, the text where it stands and where
    its function begins, and the list of threads."""

    STEPS = 20

    def test_packets(self):
        guest = self.boot("walk", wait=True)
        gdb = Gdb(self, guest)
        gdb(f"source {harness.SDK}/sdk/debug/toro_gdb.py")
        gdb.go("stepi")
        start = len(guest.log())
        for _ in range(self.STEPS):
            gdb.go("stepi")
        self.assertLessEqual(len(guest.requests(start)), 4 * self.STEPS, guest.requests(start))


class ThreadList(debugger.Case):
    """From a break to the complete list, in pieces of the sizes that GDB asks for."""

    CORES = 8
    LIMIT = 0.1  # seconds
    TRIES = 20  # others may have the processors

    def list_of(self, wire):
        document, size = b"", 0x1000
        while True:
            part = wire.ask(b"qXfer:threads:read::%x,%x" % (len(document), size))
            document += part[1:]
            if part[:1] == b"l":
                return document
            size = min(max(0x1000, len(document)), 0x3f00)

    def test_a_thousand_threads(self):
        guest = self.boot("cores-threads", "125", options=("--cores", str(self.CORES), "--memory", "512M"))
        self.assertTrue(guest.console.wait("all are parked", limit=4 * debugger.PATIENCE), guest.console.text)
        with Wire(self, guest) as wire:
            wire.ask(b"QStartNoAckMode")
            wire.send(b"+")
            spent = []
            while not spent or min(spent) > self.LIMIT:
                self.assertLess(len(spent), self.TRIES, spent)
                wire.send(debugger.framed(b"c"))
                start = time.monotonic()
                wire.send(b"\x03")
                self.assertTrue(wire.reply().startswith(b"T"))
                document = self.list_of(wire)
                spent.append(time.monotonic() - start)
                self.assertLessEqual(1000, document.count(b"<thread "))
                self.assertTrue(document.endswith(b"</threads>\n"))


if __name__ == "__main__":
    harness.main()
