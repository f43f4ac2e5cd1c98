"""Software and hardware breakpoints, and watchpoints, by GDB."""

import debugger
import harness
from debugger import Gdb, line_of


class Software(debugger.Case):
    def test_kinds(self):
        guest = self.boot("walk", wait=True)
        gdb = Gdb(self, guest)
        # With a condition, with a count to pass over, for once, with commands.
        gdb("break inner if number == 7")
        stop = gdb.go("continue")
        self.assertEqual(("breakpoint-hit", "inner", 7), (stop.reason, stop.func, gdb.value("number")))
        gdb("delete")
        gdb("break outer")
        gdb("ignore $bpnum 2")
        gdb.go("continue")
        self.assertEqual(6, gdb.value("number"))
        gdb("delete")
        gdb("tbreak inner")
        self.assertEqual("inner", gdb.go("continue").func)
        self.assertIn("No breakpoints", gdb("info breakpoints"))
        gdb(f"break {line_of('bottom')} if number == 1")
        stop = gdb.go("continue")
        self.assertEqual(("factorial", 1), (stop.func, gdb.value("number")))
        self.assertEqual(5, gdb("bt").count("factorial (number="))
        gdb("delete")
        stop = gdb.go(f"until {line_of('end of walk')}")
        self.assertEqual("factorial", stop.func)
        # While it stands, memory shows the program; without breakpoints it runs to its end.
        gdb("break stage")
        self.assertEqual("stage", gdb.go("continue").func)
        self.assertRegex(gdb("compare-sections .text"), r"matched\.")
        gdb("delete")
        stop = gdb.go("continue")
        self.assertEqual("exited-normally", stop.reason)
        guest.ends(0)

    def test_many(self):
        guest = self.boot("walk", wait=True)
        gdb = Gdb(self, guest)
        for name in ("inner", "outer", "factorial", "count_to", "stage"):
            gdb(f"break {name}")
        gdb("break *inner + 1")
        for offset in range(200):
            gdb(f"break *((char*)&'(anonymous namespace)::hold_values' + {offset})")
        self.assertEqual(["outer", "inner"], [gdb.go("continue").func for _ in range(2)])
        self.assertEqual("inner", gdb.go("continue").func)
        gdb("delete")
        self.assertEqual("exited-normally", gdb.go("continue").reason)

    def test_in_functions_that_the_stub_uses_itself(self):
        guest = self.boot("beat")
        gdb = Gdb(self, guest)
        met = set()
        for place in ("toro::virtio::SplitQueue::publish", "toro::virtio::SplitQueue::poll",
                      "toro::virtio::PortChannel::write", "toro::virtio::PortChannel::read",
                      "toro::virtio::PortChannel::poll", "toro::virtio::MultiportConsole::poll",
                      "toro::virtio::MmioTransport::notify", "toro::virtio::Console::write", "memcpy", "memmove",
                      "toro::posix::sys_writev"):
            gdb(f"break {place}")
        for _ in range(40):
            met.add(gdb.go("continue").func)
        self.assertLessEqual({"toro::virtio::SplitQueue::publish", "toro::virtio::PortChannel::write",
                              "toro::virtio::Console::write", "memcpy"}, met)
        for _ in range(10):
            gdb.go("stepi")
        gdb("delete")
        gdb.let_run()
        guest.goes_on()
        self.assertEqual("SIGINT", gdb.interrupt().signal_name)
        self.assertRegex(gdb("compare-sections .text"), r"matched\.")
        gdb.detach()
        guest.goes_on()

    def test_in_the_path_of_traps_they_are_taken_and_never_met(self):
        guest = self.boot("beat")
        gdb = Gdb(self, guest)
        gdb("set breakpoint always-inserted on")
        gdb("break toro_trap")
        gdb("break toro_safe_copy")
        gdb("break beat")
        for _ in range(5):
            self.assertEqual("beat", gdb.go("continue").func)
        self.assertIn("never: the debugger's own path", gdb("monitor breakpoints"))
        gdb.detach()
        guest.goes_on()

    def test_where_nothing_is(self):
        guest = self.boot("walk", wait=True)
        gdb = Gdb(self, guest)
        gdb("break *0x10")
        self.assertIn("Cannot insert breakpoint", gdb.fails("continue"))
        gdb("delete")
        gdb("break inner")
        self.assertEqual("inner", gdb.go("continue").func)
        gdb.quit()

    def test_a_write_to_the_text(self):
        guest = self.boot("walk", wait=True)
        gdb = Gdb(self, guest)
        gdb("break *count_to")
        self.assertEqual("count_to", gdb.go("continue").func)
        # `ret` in the place of the function's first instruction, where the breakpoint is: what was written runs.
        gdb("set var *(unsigned char*)&count_to = 0xc3")
        self.assertIn("ret", gdb("x/i $pc"))
        gdb.go("stepi")
        self.assertIn("walk()", gdb("info symbol $pc"))
        gdb.detach()
        guest.ends(0)


class Hardware(debugger.Case):
    def test_four_and_no_fifth(self):
        guest = self.boot("walk", wait=True)
        gdb = Gdb(self, guest)
        for name in ("inner", "outer", "factorial", "stage"):
            gdb(f"hbreak {name}")
        gdb("set breakpoint always-inserted on")
        stops = [gdb.go("continue") for _ in range(3)]
        self.assertEqual(["outer", "inner", "inner"], [stop.func for stop in stops])
        self.assertRegex(gdb("monitor breakpoints"), r"(DR\d +0x[0-9a-f]+, execute\n){4}")
        self.assertIn("all 4 debug registers are in use", gdb.fails("hbreak count_to"))
        gdb("delete 5")
        self.assertEqual("outer", gdb.go("continue").func)
        gdb("delete 1 2")
        self.assertEqual(["factorial"] * 5 + ["stage"], [gdb.go("continue").func for _ in range(6)])
        gdb("delete")
        self.assertEqual("exited-normally", gdb.go("continue").reason)

    def test_beside_a_software_breakpoint(self):
        guest = self.boot("walk", wait=True)
        gdb = Gdb(self, guest)
        gdb("hbreak inner")
        gdb("break inner")
        self.assertEqual([0, 1, 1, 3], [(gdb.go("continue"), gdb.value("number"))[1] for _ in range(4)])
        gdb("delete")
        self.assertEqual("exited-normally", gdb.go("continue").reason)


class Watch(debugger.Case):
    def at(self, *words):
        guest = self.boot(*words, wait=True)
        gdb = Gdb(self, guest)
        gdb("set breakpoint always-inserted on")
        return guest, gdb

    def test_writes_of_every_size(self):
        guest, gdb = self.at("touch")
        for name in ("watched_1", "watched_2", "watched_4", "watched_8"):
            gdb(f"watch {name}")
        self.assertRegex(gdb("info breakpoints"), r"(?s)(hw watchpoint.*){4}")
        for round in range(3):
            for size in (1, 2, 4, 8):
                stop = gdb.go("continue")
                self.assertEqual(("watchpoint-trigger", f"write_{size}"), (stop.reason, stop.func))
                self.assertRegex(stop.text, f"watched_{size}\\s+Old value = .*{round}.*\\s+New value = .*{round + 1}")
        self.assertRegex(gdb("monitor breakpoints"), r"(?s)write, 1 byte\n.*write, 2 bytes.*write, 4 bytes.*write, 8")
        gdb("delete")
        self.assertEqual("exited-normally", gdb.go("continue").reason)
        guest.ends(0)

    def test_an_unaligned_value_takes_as_many_registers_as_it_needs(self):
        guest, gdb = self.at("touch")
        gdb("watch odd.value")  # one byte at 1, two at 2, one at 4
        stop = gdb.go("continue")
        self.assertEqual(("watchpoint-trigger", "write_odd"), (stop.reason, stop.func))
        self.assertRegex(gdb("monitor breakpoints"), r"(?s)write, 1 byte\n.*write, 2 bytes\n.*write, 1 byte\n.*free")
        # Too few are left for eight bytes in two pieces; for one piece there is one.
        self.assertIn("Could not insert hardware watchpoint", gdb.fails("watch *(long*)((char*)&watched_8 - 4)"))
        gdb("delete 2")
        gdb("watch watched_8")
        self.assertEqual(["write_8", "write_odd"], [gdb.go("continue").func for _ in range(2)])
        gdb("delete")
        self.assertEqual("exited-normally", gdb.go("continue").reason)

    def test_reads(self):
        guest, gdb = self.at("touch")
        gdb("tbreak write_odd")
        gdb.go("continue")
        gdb("rwatch watched_8")
        stop = gdb.go("continue")
        self.assertEqual(("read-watchpoint-trigger", "read_8"), (stop.reason, stop.func))
        # write_8 reads too; that it writes is not told.
        self.assertEqual(["write_8", "read_8"], [gdb.go("continue").func for _ in range(2)])
        gdb("delete")
        gdb("awatch watched_8")
        stop = gdb.go("continue")
        self.assertEqual(("access-watchpoint-trigger", "write_8"), (stop.reason, stop.func))
        self.assertEqual("write_8", gdb.go("continue").func)
        self.assertEqual("read_8", gdb.go("continue").func)
        gdb("delete")
        self.assertEqual("exited-normally", gdb.go("continue").reason)

    def test_what_a_step_writes(self):
        guest, gdb = self.at("touch")
        gdb("break write_8")
        gdb.go("continue")
        gdb("watch watched_8")
        for round, step in enumerate(("continue", "next", "stepi")):
            if round != 0:
                self.assertEqual("breakpoint-hit", gdb.go("continue").reason)
            stop = gdb.go(step)
            while stop.reason == "end-stepping-range":
                stop = gdb.go(step)
            self.assertEqual(("watchpoint-trigger", "write_8"), (stop.reason, stop.func))
            self.assertRegex(stop.text, f"Old value = {round}\\s+New value = {round + 1}")
        gdb("delete")
        self.assertEqual("exited-normally", gdb.go("continue").reason)
        guest.ends(0)

    def test_a_local_that_goes_out_of_scope(self):
        guest, gdb = self.at("walk")
        gdb("tbreak inner")
        gdb.go("continue")
        gdb("watch doubled")
        gdb.go("continue")
        stop = gdb.go("continue")
        self.assertEqual("watchpoint-scope", stop.reason)
        self.assertEqual("exited-normally", gdb.go("continue").reason)

    def test_a_condition(self):
        guest, gdb = self.at("spin")
        gdb("watch beats if beats == 5")
        stop = gdb.go("continue")
        self.assertEqual(("spin", 5), (stop.func, gdb.value("beats")))
        gdb("delete")
        gdb("set var released = 1")
        self.assertEqual("exited-normally", gdb.go("continue").reason)


if __name__ == "__main__":
    harness.main()
