"""Faults, panics and the guest's end, as a debugger sees them; and the ways by which it ends the guest itself."""

import re

import debugger
import harness
from debugger import Gdb, Lldb, Wire

PANICKED = 134
KILLED = 137

FAULTS = {
    "read": ("SIGSEGV", "read_from", "page fault: read of 0x0, which is not mapped"),
    "write-text": ("SIGSEGV", "write_to", "page fault: write to 0x[0-9a-f]+, which does not allow it"),
    "non-canonical": ("SIGSEGV", "read_from", "general protection, error code 0x0"),
    "divide": ("SIGFPE", "divide_by", "divide error"),
    "opcode": ("SIGILL", "invalid_opcode", "invalid opcode"),
}


class Faults(debugger.Case):
    def faulted(self, kind):
        signal, function, why = FAULTS[kind]
        guest = self.boot("fault", kind, wait=True)
        gdb = Gdb(self, guest)
        stop = gdb.go("continue")
        self.assertEqual(("signal-received", signal, function), (stop.reason, stop.signal_name, stop.func))
        self.assertRegex(gdb("monitor why"), why)
        self.assertRegex(gdb("bt"), rf"#0 .*{function} .*\n#1 .*fault \(.*\n#2 .*main \(")
        return guest, gdb

    def test_each_is_a_signal_and_then_a_panic(self):
        for kind in FAULTS:
            guest, gdb = self.faulted(kind)
            stop = gdb.go("continue")
            self.assertEqual(("exited", "0206"), (stop.reason, stop.exit_code))  # octal: 134
            guest.says("PANIC: .*")
            guest.ends(PANICKED)

    def test_one_that_is_mended_is_none(self):
        guest, gdb = self.faulted("read")
        self.assertEqual(0, gdb.value("$cr2", "x"))
        gdb("set var where = &released")
        gdb("set var $rax = (long)&released")
        stop = gdb.go("signal 0")
        self.assertEqual("exited-normally", stop.reason)
        guest.ends(0)

    def test_after_a_detach_it_panics(self):
        guest, gdb = self.faulted("divide")
        gdb.detach()
        guest.says("PANIC: divide error")
        guest.ends(PANICKED)

    def test_by_lldb(self):
        guest = self.boot("fault", "read", wait=True)
        lldb = Lldb(self, guest)
        said = lldb.go("continue")
        self.assertRegex(said, "stop reason = page fault: read of 0x0, which is not mapped")
        self.assertIn("read_from", said)
        lldb.quit()

    def test_expected_ones_stop_nobody(self):
        guest = self.boot("guarded", wait=True)
        gdb = Gdb(self, guest)
        self.assertEqual("exited-normally", gdb.go("continue").reason)
        guest.says("expected faults: 3")
        guest.ends(0)

    def test_a_panic_stops_first(self):
        guest = self.boot("fault", "abort", wait=True)
        gdb = Gdb(self, guest)
        stop = gdb.go("continue")
        self.assertEqual("SIGTRAP", stop.signal_name)
        self.assertRegex(gdb("bt"), "panic")
        self.assertEqual("debuggee: fault\n", guest.console.text)
        stop = gdb.go("continue")
        self.assertEqual(("exited", "0206"), (stop.reason, stop.exit_code))
        guest.says("PANIC: ")
        guest.ends(PANICKED)

    def test_a_fault_of_the_debuggers_own_call(self):
        guest = self.boot("spin")
        gdb = Gdb(self, guest)
        said = gdb.fails("print divide_by(0)")
        self.assertRegex(said, "called from GDB|was signaled")
        self.assertIn("divide_by", gdb("bt 1"))
        gdb.quit()


class Ends(debugger.Case):
    def test_the_status_is_told(self):
        for status in (0, 7, 255):
            guest = self.boot("exit", str(status), wait=True)
            gdb = Gdb(self, guest)
            stop = gdb.go("continue")
            self.assertEqual(("exited", "0%o" % status) if status else ("exited-normally", None),
                             (stop.reason, stop.exit_code))
            self.assertEqual(status, gdb.value("$_exitcode"))
            guest.ends(status)

    def test_the_status_is_told_to_lldb(self):
        guest = self.boot("exit", "7", wait=True)
        lldb = Lldb(self, guest)
        self.assertIn("exited with status = 7", lldb("continue"))
        guest.ends(7)

    def test_gdbs_kill(self):
        guest = self.boot("spin")
        gdb = Gdb(self, guest)
        gdb("kill")
        guest.ends(KILLED)

    def test_lldbs_kill(self):
        guest = self.boot("spin")
        lldb = Lldb(self, guest)
        lldb("process kill")
        guest.ends(KILLED)

    def test_the_guest_ends_while_nobody_waits_for_it(self):
        guest = self.boot("idle")
        gdb = Gdb(self, guest)
        gdb.detach()
        guest.types("end\n")
        guest.ends(0)

    def test_toro_ends_while_a_debugger_is_attached(self):
        guest = self.boot("spin")
        gdb = Gdb(self, guest)
        guest.process.terminate()
        self.assertEqual(143, guest.process.wait(timeout=debugger.PATIENCE))
        self.assertRegex(gdb.fails("stepi"), "(?i)remote|connection|closed|not being run")


class Monitor(debugger.Case):
    def test_every_command(self):
        guest = self.boot("spin")
        gdb = Gdb(self, guest)
        words = dict(re.findall(r"(?m)^(\w+) +(\S.*)$", gdb("monitor help")))
        self.assertEqual({"help", "tables", "breakpoints", "why", "poweroff", "exit", "reboot", "reset"}, set(words))
        self.assertEqual(words, dict(re.findall(r"(?m)^(\w+) +(\S.*)$", gdb("monitor"))))
        gdb.run_until("monitor threads", r"(?m)^1 +main +0 +running ")
        self.assertEqual(4, gdb("monitor breakpoints").count("free"))
        self.assertIn("no exception", gdb("monitor why"))
        self.assertIn("no such command or table; these there are:\nhelp", gdb("monitor nonsense"))
        self.assertIn("threads", gdb("info os"))
        gdb("monitor exit")
        guest.ends(KILLED)

    def test_a_reset_ends_a_machine_that_does_not_restart(self):
        guest = self.boot("spin")
        gdb = Gdb(self, guest)
        gdb("monitor reset")
        self.assertIn("reset itself", guest.event("error")["message"])

    def test_lldbs_way(self):
        guest = self.boot("spin")
        lldb = Lldb(self, guest)
        self.assertIn("Every thread with its core", lldb("process plugin packet monitor tables"))
        self.assertRegex(lldb("process plugin packet monitor threads"), "main +0 +running")
        lldb("expression released = 1")
        lldb.detach()
        guest.ends(0)

    def test_what_is_too_long_or_no_text(self):
        guest = self.boot("spin")
        with Wire(self, guest) as wire:
            self.assertEqual(b"E22", wire.ask(b"qRcmd," + b"78" * 129))
            self.assertEqual(b"E22", wire.ask(b"qRcmd,7"))
            self.assertEqual(b"E22", wire.ask(b"qRcmd,xx"))
            wire.quiet()


if __name__ == "__main__":
    harness.main()
