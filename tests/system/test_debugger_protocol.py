"""The protocol as foreign bytes on a TCP port: nonsense costs only itself. And how many packets a debugger needs."""

import re

import debugger
import harness
from debugger import LINKED, Gdb, Lldb, Wire, framed


class Abuse(debugger.Case):
    def setUp(self):
        super().setUp()
        self.guest = self.boot("beat")

    def tearDown(self):
        """Whatever was said, a debugger that comes afterwards finds everything in order."""
        try:
            gdb = Gdb(self, self.guest)
            gdb("tbreak beat")
            self.assertEqual("beat", gdb.go("continue").func)
            self.assertRegex(gdb("compare-sections .text"), r"matched\.")
            gdb.detach()
            self.guest.goes_on()
        finally:
            super().tearDown()

    def below_the_stack(self, wire):
        """Memory that nobody uses; rsp is register 7."""
        pointer = re.search(rb"07:([0-9a-f]{16});", wire.ask(b"?")).group(1).decode()
        return int.from_bytes(bytes.fromhex(pointer), "little") - 4096

    def test_a_wrong_checksum_is_asked_for_again(self):
        with Wire(self, self.guest) as wire:
            wire.send(b"$qC#00")
            self.assertEqual(b"-", wire.byte())
            wire.send(b"$qC#zz")
            self.assertEqual(b"-", wire.byte())
            wire.send(framed(b"qC"))
            self.assertEqual(b"+", wire.byte())
            self.assertEqual(b"QC", wire.reply()[:2])
            # And what the debugger did not get is sent again.
            wire.send(b"-")
            self.assertEqual(b"QC", wire.reply()[:2])
            # Without acknowledgements the line is trusted.
            self.assertEqual(b"OK", wire.ask(b"QStartNoAckMode"))
            wire.send(b"+$qC#00")
            self.assertEqual(b"QC", wire.reply()[:2])
            wire.quiet()

    def test_a_packet_that_begins_again(self):
        with Wire(self, self.guest) as wire:
            wire.send(b"$m100000,10" + framed(b"qC"))
            self.assertEqual(b"QC", wire.reply()[:2])
            wire.send(b"$$$$" + framed(b"qC"))
            self.assertEqual(b"QC", wire.reply()[:2])
            wire.send(b"$m100#" + framed(b"qC"))
            self.assertEqual(b"QC", wire.reply()[:2])
            wire.quiet()

    def test_an_interrupt_within_a_packet_is_data(self):
        with Wire(self, self.guest) as wire:
            stack = self.below_the_stack(wire)
            self.assertEqual(b"OK", wire.ask(b"X%x,4:\x03\x03\x00\xff" % stack))
            self.assertEqual(b"030300ff", wire.ask(b"m%x,4" % stack))
            self.assertEqual(b"OK", wire.ask(b"X%x,3:}\x03}\x04}]" % stack))
            self.assertEqual(b"23247d", wire.ask(b"m%x,3" % stack))
            wire.quiet()

    def test_packets_of_64_kb(self):
        with Wire(self, self.guest) as wire:
            self.assertEqual(b"E07", wire.ask(b"q" + b"a" * 65536))
            self.assertEqual(b"E07", wire.ask(b"X100000,10000:" + b"a" * 65536))
            # As long as was agreed on is not too long.
            size = int(re.search(rb"PacketSize=([0-9a-f]+)", wire.ask(b"qSupported")).group(1), 16)
            self.assertEqual(b"", wire.ask(b"q" + b"a" * (size - 1)))
            self.assertEqual(b"E07", wire.ask(b"q" + b"a" * size))
            wire.quiet()

    def test_unknown_and_malformed_packets(self):
        empty = [b"", b"!", b"qUnknown", b"vUnknown", b"QNonStop:1", b"vFile:open:00", b"QPassSignals:e", b"bc", b"bs",
                 b"qTStatus", b"qOffsetsx", b"qSymbol::", b"jUnknown", b"vRun;", b"vAttach;1", b"_Mzz",
                 b"qfThreadInfox", b"?x", b"QStartNoAckModex", b"vMustReplyEmpty", b"\xff\xfe", b"0" * 1000]
        wrong = [b"m", b"m1", b"m1,", b"mx,1", b"m1,1,1", b"M1", b"M1,1", b"M1,1:", b"M1,1:0", b"M1,1:0000", b"M1,1:zz",
                 b"X1,1:", b"Z", b"Z0", b"Z0,1", b"Z9,1,1", b"z9,1,1", b"Z0,x,1", b"p", b"pffff", b"P", b"P0", b"P0=",
                 b"P0=12", b"G00", b"Gzz", b"H", b"Hx1", b"Hg", b"T", b"Tx", b"vCont;", b"vCont;x", b"vCont;s:",
                 b"vCont;r1", b"vCont;c:0", b"vCont;C", b"qThreadExtraInfo,", b"qXfer:features:read:target.xml:0",
                 b"qXfer:features:read:target.xml:x,1", b"qXfer:features:read:target.xml:0,0", b"qCRC:", b"qCRC:1",
                 b"qMemoryRegionInfo:", b"qMemoryRegionInfo:x", b"Cxyz", b"cxyz", b"Sxyz"]
        with Wire(self, self.guest) as wire:
            before = wire.ask(b"g")
            for packet in empty:
                self.assertEqual(b"", wire.ask(packet), packet)
            for packet in wrong:
                self.assertRegex(wire.ask(packet), rb"^E(\d\d|\.)", packet)
            for packet in (b"Hg99", b"T99", b"qThreadExtraInfo,99", b"qThreadStopInfo99", b"p0;thread:99;"):
                self.assertEqual(b"E03", wire.ask(packet), packet)
            self.assertEqual(b"E00", wire.ask(b"qXfer:features:read:none.xml:0,10"))
            self.assertEqual(b"l", wire.ask(b"qXfer:threads:read::ffffff,10"))
            self.assertEqual(before, wire.ask(b"g"))
            wire.quiet()

    def test_bytes_of_no_kind(self):
        with Wire(self, self.guest) as wire:
            wire.send(bytes(range(256)) * 64 + b"#00" + framed(b"qC"))
            while wire.reply()[:2] != b"QC":
                pass
            wire.quiet()

    def test_breakpoints_without_end(self):
        with Wire(self, self.guest) as wire:
            stack = self.below_the_stack(wire)
            for i in range(256):
                self.assertEqual(b"OK", wire.ask(b"Z0,%x,1" % (stack + i)))
            self.assertEqual(b"E.swbp.the table of software breakpoints is full", wire.ask(b"Z0,%x,1" % (stack + 256)))
            self.assertEqual(b"OK", wire.ask(b"Z0,%x,1" % stack))
            self.assertEqual(b"OK", wire.ask(b"z0,%x,1" % stack))
            self.assertEqual(b"OK", wire.ask(b"z0,%x,1" % stack))
            self.assertEqual(b"OK", wire.ask(b"Z0,%x,1" % (stack + 256)))
            self.assertEqual(b"E22", wire.ask(b"Z2,%x,0" % stack))
            self.assertEqual(b"E.hwbp.all 4 debug registers are in use", wire.ask(b"Z2,%x,ffff" % stack))
            self.assertEqual(b"E22", wire.ask(b"Z2,ffffffffffffffff,8"))
            wire.quiet()

    def test_breakpoints_in_read_only_text_and_in_nothing(self):
        with Wire(self, self.guest) as wire:
            header = wire.moved(LINKED)  # the file's, which nobody runs
            region = wire.ask(b"qMemoryRegionInfo:%x" % header)
            self.assertIn(b"permissions:rx;", region)
            before = wire.ask(b"m%x,8" % header)
            for i in range(8):
                self.assertEqual(b"OK", wire.ask(b"Z0,%x,1" % (header + i)))
            wire.send(framed(b"vCont;c") + b"\x03")
            self.assertEqual(b"T02", wire.reply()[:3])
            self.assertEqual(before, wire.ask(b"m%x,8" % header))
            self.assertEqual(region, wire.ask(b"qMemoryRegionInfo:%x" % header))
            for i in range(8):
                self.assertEqual(b"OK", wire.ask(b"z0,%x,1" % (header + i)))
            self.assertEqual(b"E14", wire.ask(b"Z0,0,1"))
            self.assertEqual(b"E14", wire.ask(b"Z0,ffffffffffffffff,1"))
            wire.quiet()

    def test_a_break_and_a_resume_in_one_piece(self):
        with Wire(self, self.guest) as wire:
            self.assertEqual(b"T", wire.ask(b"?")[:1])
            for _ in range(20):
                wire.send(framed(b"vCont;c") + b"\x03")
                self.assertEqual(b"T02", wire.reply()[:3])
            # An interrupt of a guest that stands is none.
            wire.send(b"\x03\x03\x03")
            wire.quiet()

    def test_a_packet_while_the_guest_runs(self):
        with Wire(self, self.guest) as wire:
            self.assertEqual(b"T", wire.ask(b"?")[:1])
            wire.send(framed(b"vCont;c"))
            self.guest.goes_on()
            # Its sender does not wait for a stop: it gets its answer, and nothing else.
            self.assertEqual(b"QC", wire.ask(b"qC")[:2])
            wire.quiet()

    def test_one_byte_at_a_time(self):
        with Wire(self, self.guest) as wire:
            wire.socket.setsockopt(6, 1, 1)  # TCP_NODELAY
            for byte in framed(b"qSupported:swbreak+"):
                wire.send(bytes([byte]))
            self.assertIn(b"PacketSize", wire.reply())
            wire.quiet()

    def test_many_questions_at_once(self):
        with Wire(self, self.guest) as wire:
            self.assertEqual(b"OK", wire.ask(b"QStartNoAckMode"))
            wire.send(b"+" + framed(b"g") * 200)
            self.assertEqual(1, len({wire.reply() for _ in range(200)}))
            wire.quiet()


class Budgets(debugger.Case):
    """Packets cost a round trip each: more of them than these are a regression."""

    GDB_CONNECT = 20
    LLDB_CONNECT = 26
    GDB_STEP = 9
    LLDB_STEP = 5

    def budget(self, what, count, limit):
        print(f"{what}: {count} packets", flush=True)
        self.assertLessEqual(count, limit, what)

    def test_gdb(self):
        guest = self.boot("threads", "8", wait=True)
        gdb = Gdb(self, guest)
        self.budget("gdb connects", len(guest.requests()), self.GDB_CONNECT)
        gdb("tbreak all_are_waiting")
        gdb.go("continue")
        place = len(guest.log())
        for _ in range(10):
            gdb.go("stepi")
        self.budget("gdb steps 10 instructions", len(guest.requests(place)), 10 * self.GDB_STEP)
        place = len(guest.log())
        gdb("info threads")
        self.budget("gdb lists 10 threads", len(guest.requests(place)), 10 * 7)
        gdb.detach()
        guest.ends(0)

    def test_lldb(self):
        guest = self.boot("threads", "8", wait=True)
        lldb = Lldb(self, guest)
        self.budget("lldb connects", len(guest.requests()), self.LLDB_CONNECT)
        lldb("breakpoint set --one-shot true --name all_are_waiting")
        lldb("continue")
        place = len(guest.log())
        for _ in range(10):
            lldb("thread step-inst")
        self.budget("lldb steps 10 instructions", len(guest.requests(place)), 10 * self.LLDB_STEP)
        place = len(guest.log())
        lldb("thread list")
        self.budget("lldb lists 10 threads", len(guest.requests(place)), 10 * 2)
        lldb.detach()
        guest.ends(0)


if __name__ == "__main__":
    harness.main()
