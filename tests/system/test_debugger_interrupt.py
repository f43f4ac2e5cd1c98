"""Ctrl-C, the NMI of last resort, debuggers that leave in every way, and those that find another one there."""

import os
import signal
import socket

import debugger
import harness
from debugger import Gdb, Lldb, Wire, framed, place_of

SOON = 2.0  # seconds from Ctrl-C to the stop, by the broker's clock
OFF = {"cli-spin": "spin_without_interrupts", "cli-hlt": "halt_without_interrupts"}


class ControlC(debugger.Case):
    def interrupted(self, mode, said):
        guest = self.boot(mode, wait=True)
        gdb = Gdb(self, guest)
        for _ in range(3):
            place = gdb.let_run()
            guest.says(said)
            # One interruption is one stop: nothing is left over that would end the next run at once.
            self.assertEqual("SIGINT", gdb.interrupt().signal_name)
            self.assertLess(guest.seconds_to_stop(place), SOON)
            self.assertEqual(1, len(guest.stops(place)))
        return guest, gdb

    def interrupted_by_nmi(self, mode):
        guest, gdb = self.interrupted(mode, "interrupts are off")
        gdb.run_until("bt", OFF[mode])
        self.assertTrue(guest.nmis())
        self.released(guest, gdb)

    def released(self, guest, gdb):
        gdb("set var released = 1")
        stop = gdb.go("continue")
        self.assertEqual("exited-normally", stop.reason)
        guest.ends(0)

    def test_while_it_computes(self):
        self.released(*self.interrupted("spin", "debuggee: spin"))

    def test_while_it_sleeps(self):
        self.released(*self.interrupted("sleep", "debuggee: sleep"))

    def test_while_it_waits_for_its_console(self):
        guest, gdb = self.interrupted("idle", "debuggee: idle")
        gdb.let_run()
        guest.types("end\n")
        self.assertEqual("exited-normally", gdb.stopped().reason)

    def test_while_it_computes_with_interrupts_off(self):
        self.interrupted_by_nmi("cli-spin")

    def test_while_it_is_halted_with_interrupts_off(self):
        self.interrupted_by_nmi("cli-hlt")

    def test_in_a_handler_that_does_not_end(self):
        guest, gdb = self.interrupted("handler", "interrupts begin")
        gdb.run_until("bt", r"stay_in_handler(.*\n)+.*run_interrupts")
        self.released(guest, gdb)

    def test_in_a_storm_of_interrupts(self):
        guest, gdb = self.interrupted("storm", "interrupts begin")
        before = gdb.value("beats")
        # The NMI of an interruption may be served before the first interrupt of a run is.
        gdb.run_until(f"output beats > {before}", "1|true")
        self.released(guest, gdb)

    def test_before_main(self):
        guest = self.boot("exit", "0", wait=True)
        gdb = Gdb(self, guest)
        gdb("set var spins_before_main = 1")
        gdb.let_run()
        self.assertEqual("SIGINT", gdb.interrupt().signal_name)
        gdb.run_until("bt", "spin_before_main")
        gdb("set var spins_before_main = 0")
        self.assertEqual("exited-normally", gdb.go("continue").reason)
        guest.ends(0)

    def test_after_main_has_returned(self):
        guest, gdb = self.interrupted("after-main", "debuggee: end")
        self.assertRegex(gdb("bt"), "spin_after_main")
        self.released(guest, gdb)

    def test_in_the_middle_of_a_long_line(self):
        guest = self.boot("spin")
        gdb = Gdb(self, guest)
        gdb.run_until("bt", "spin \\(\\)")
        gdb.let_run("finish")
        self.assertEqual("SIGINT", gdb.interrupt().signal_name)
        self.released(guest, gdb)

    def test_in_the_middle_of_a_range_without_interrupts(self):
        guest = self.boot("cli-spin", wait=True)
        gdb = Gdb(self, guest)
        gdb("tbreak " + place_of("one line without end"))
        gdb.go("continue")
        place = gdb.let_run("next")
        self.assertIn("vCont;r", guest.log()[place][2])
        self.assertEqual("SIGINT", gdb.interrupt().signal_name)
        self.assertLess(guest.seconds_to_stop(place), SOON)
        self.assertIn("spin_without_interrupts", gdb("bt"))
        self.released(guest, gdb)

    def test_by_lldb(self):
        for mode in ("spin", "cli-hlt"):
            guest = self.boot(mode)
            if mode in OFF:
                guest.says("interrupts are off")
            lldb = Lldb(self, guest)
            for _ in range(2):
                lldb.let_run()
                self.assertIn("stop reason = signal SIGINT", lldb.interrupt())
            lldb("expression released = 1")
            self.assertIn("exited with status = 0", lldb("continue"))
            lldb.quit()
            guest.ends(0)


class InterruptsOff(debugger.Case):
    def test_a_debugger_that_comes(self):
        for mode, function in OFF.items():
            guest = self.boot(mode)
            guest.says("interrupts are off")
            gdb = Gdb(self, guest)
            self.assertEqual(1, guest.nmis())
            gdb.run_until("bt", function)
            gdb.detach()
            # Another one, after the first has gone.
            lldb = Lldb(self, guest)
            self.assertIn(function, lldb("bt"))
            lldb("expression released = 1")
            lldb.detach()
            guest.ends(0)

    def test_a_host_too_busy_to_deliver_the_packet_before_the_nmi(self):
        for mode in ("spin", "cli-spin"):
            guest = self.boot(mode)
            qemu = guest.event("started")["pid"]
            for _ in range(4):
                place = len(guest.log())
                os.kill(qemu, signal.SIGSTOP)
                with Wire(self, guest) as wire:
                    wire.send(framed(b"?"))
                    guest.logged(lambda line: line[2] == "no answer: NMI", place)
                    os.kill(qemu, signal.SIGCONT)
                    self.assertEqual(b"T", wire.reply()[:1])
                    wire.quiet()
            gdb = Gdb(self, guest)
            gdb("set var released = 1")
            gdb.detach()
            guest.ends(0)

    def test_a_debugger_that_was_killed_leaves_its_breakpoints_to_the_next(self):
        # The guest hears of nothing while interrupts are off; the next one's first packet makes it listen.
        guest = self.boot("cli-spin")
        guest.says("interrupts are off")
        gdb = Gdb(self, guest)
        gdb("break beat")
        gdb("watch released")
        gdb.let_run()
        gdb.kill()
        gdb = Gdb(self, guest)
        gdb("set var released = 1")
        self.assertNotIn("software", gdb("monitor breakpoints"))
        self.assertRegex(gdb("compare-sections .text"), r"matched\.")
        gdb.detach()
        guest.ends(0)


class Leaving(debugger.Case):
    def test_killed_while_the_guest_stands(self):
        guest = self.boot("beat")
        gdb = Gdb(self, guest)
        gdb("set breakpoint always-inserted on")
        gdb("break beat")
        gdb("watch beats")
        gdb.go("continue")
        gdb.kill()
        guest.goes_on()
        self.as_it_was(guest)

    def test_killed_while_the_guest_runs(self):
        guest = self.boot("beat")
        gdb = Gdb(self, guest)
        gdb("break beat if beats == 0")
        gdb("watch released")
        gdb.let_run()
        gdb.kill()
        guest.goes_on()
        self.as_it_was(guest)

    def test_lldb_killed_while_the_guest_stands_and_while_it_runs(self):
        guest = self.boot("beat")
        for runs in (False, True):
            lldb = Lldb(self, guest)
            lldb("breakpoint set --name factorial")
            lldb("watchpoint set variable released")
            if runs:
                lldb.let_run()
            lldb.kill()
            guest.goes_on()
        self.as_it_was(guest)

    def test_quit_without_detaching(self):
        guest = self.boot("beat")
        gdb = Gdb(self, guest)
        gdb("break beat")
        gdb.go("continue")
        gdb.quit()
        guest.goes_on()
        self.as_it_was(guest)

    def test_closed_in_the_middle_of_a_packet_and_of_a_reply(self):
        guest = self.boot("beat")
        for rest in (b"$m100", b"$", b"\x03", b"$m100000,2000#", b"$qXfer:features:read:target.xml:0,fff#"):
            wire = Wire(self, guest)
            self.assertEqual(b"T", wire.ask(b"?")[:1])
            wire.send(rest)
            wire.close()
            guest.goes_on()
        self.as_it_was(guest)

    def as_it_was(self, guest):
        """Nothing of a debugger is left in the guest."""
        gdb = Gdb(self, guest)
        self.assertRegex(gdb("compare-sections .text"), r"matched\.")
        said = gdb("monitor breakpoints")
        self.assertNotIn("software", said)
        self.assertEqual(4, said.count("free"))
        gdb("set var released = 1")
        gdb.detach()
        guest.ends(0)

    def test_again_and_again_without_a_pause(self):
        # Each comes while the one before it is going: it gets its own answers, and none of the other's.
        guest = self.boot("beat")
        gdb = Gdb(self, guest)
        beat = gdb.value("(long)&beat")
        gdb.detach()
        for i in range(200):
            with Wire(self, guest) as wire:
                self.assertIn(b"PacketSize", wire.ask(b"qSupported:swbreak+"))
                self.assertEqual(b"", wire.ask(b"vMustReplyEmpty"))
                self.assertEqual(b"OK", wire.ask(b"QStartNoAckMode"))
                self.assertEqual(b"T", wire.ask(b"?")[:1])
                self.assertEqual(b"OK", wire.ask(b"Z0,%x,1" % beat))
                for _ in range(i % 4):
                    self.assertEqual(b"T", wire.ask(b"vCont;c")[:1])
                wire.send(framed((b"vCont;c", b"g", b"D")[i % 3]))
        guest.goes_on()
        self.as_it_was(guest)


class Second(debugger.Case):
    def test_is_refused_and_the_first_goes_on(self):
        guest = self.boot("beat")
        first = Gdb(self, guest)
        first("break beat")
        second = Gdb(self)
        second.fails(f"target remote 127.0.0.1:{guest.port}")
        self.assertIn("in use by another", guest.event("debugger")["message"])
        self.assertEqual("beat", first.go("continue").func)
        first("delete")
        first.let_run()
        with socket.create_connection(("127.0.0.1", guest.port), timeout=debugger.PATIENCE) as third:
            self.assertEqual(b"", third.recv(100))
        self.assertEqual("SIGINT", first.interrupt().signal_name)
        first.detach()
        # Now there is room.
        second("set confirm off")
        second(f"target remote 127.0.0.1:{guest.port}")
        second("set var released = 1")
        second("detach")
        guest.ends(0)


if __name__ == "__main__":
    harness.main()
