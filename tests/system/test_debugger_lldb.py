"""LLDB, from breakpoints to the standard library's values."""

import re

import debugger
import harness
from debugger import Lldb, line_of


class Walk(debugger.Case):
    def at(self, name, *words):
        guest = self.boot(*words, wait=True)
        lldb = Lldb(self, guest)
        lldb(f"breakpoint set --one-shot true --name {name}")
        self.assertIn(name, lldb.go("continue"))
        return guest, lldb

    def test_into_over_and_out_of(self):
        guest, lldb = self.at("outer", "walk")
        self.assertIn(f"main.cpp:{line_of('second call')}", lldb.go("thread step-over"))
        self.assertRegex(lldb.go("thread step-in"), r"(?s)stop reason = step in.*inner\(number=1\)")
        self.assertRegex(lldb.go("thread step-out"), r"(?s)stop reason = step out.*outer\(number=0\)")
        self.assertIn("Return value: (int) ", lldb("thread info -s") + lldb("thread info"))
        self.assertRegex(lldb.go("thread step-inst"), "stop reason = instruction step into")
        self.assertRegex(lldb.go("thread until " + str(line_of("return of outer"))), "outer")
        self.assertRegex(lldb("frame variable"), r"\(int\) number = 0\n\(int\) first = 1\n\(int\) second = 3")
        lldb.detach()
        guest.ends(0)

    def test_breakpoints(self):
        guest, lldb = self.at("main", "walk")
        lldb("breakpoint set --name inner --condition 'number == 7'")
        self.assertRegex(lldb.go("continue"), r"(?s)stop reason = breakpoint 2\.1.*inner\(number=7\)")
        lldb("breakpoint delete 2")
        lldb("breakpoint set --name outer --ignore-count 1")
        self.assertIn("outer(number=5)", lldb.go("continue"))
        lldb("breakpoint delete 3")
        lldb("breakpoint set --hardware --name factorial")
        self.assertIn("factorial(number=5)", lldb.go("continue"))
        self.assertIn("factorial(number=4)", lldb.go("continue"))
        self.assertEqual(2, lldb("bt").count("factorial(number="))
        lldb("breakpoint delete 4")
        self.assertIn("exited with status = 0", lldb("continue"))
        guest.ends(0)

    def test_watchpoints(self):
        guest, lldb = self.at("main", "touch")
        for size in (1, 2, 4, 8):
            lldb(f"watchpoint set variable watched_{size}")
        for round in range(2):
            for size in (1, 2, 4, 8):
                said = lldb.go("continue")
                self.assertIn("stop reason = watchpoint", said)
                self.assertIn(f"write_{size}", said)
        lldb.fails("watchpoint set variable released")
        lldb("watchpoint delete 1 2 3 4")
        lldb("watchpoint set variable --watch read watched_8")
        self.assertRegex(lldb.go("continue"), "(?s)stop reason = watchpoint.*(read_8|write_8)")
        lldb("watchpoint delete 6")
        self.assertIn("exited with status = 0", lldb("continue"))
        guest.ends(0)

    def test_a_system_call_is_stepped_over(self):
        guest, lldb = self.at("system_call", "steps")
        lldb.go("thread step-over")
        self.assertIn("system_call", lldb.go("thread step-over"))
        self.assertIn("take_steps", lldb.go("thread step-out"))
        lldb.quit()


class State(debugger.Case):
    def test_threads(self):
        guest = self.boot("threads", "12", wait=True)
        lldb = Lldb(self, guest)
        lldb("breakpoint set --one-shot true --name all_are_waiting")
        lldb("continue")
        names = re.findall(r"name = '([^']*)'", lldb("thread list"))
        self.assertEqual({"main", *(f"worker-{i}" for i in range(12))}, set(names))
        traces = lldb("thread backtrace all")
        self.assertEqual(13, len(re.findall(r"(?m)^[* ] thread #", traces)))
        self.assertGreaterEqual(traces.count("toro_syscall_entry"), 12)
        lldb("thread select 5")
        self.assertIn("Scheduler", lldb("frame info"))
        lldb("register read rbx r12 rsp rip")
        lldb("frame select 1")
        lldb.detach()
        guest.ends(0)

    def test_a_step_of_a_thread_that_does_not_run(self):
        guest = self.boot("threads", "2", wait=True)
        lldb = Lldb(self, guest)
        lldb("breakpoint set --one-shot true --name all_are_waiting")
        lldb("continue")
        number = re.search(r"thread #(\d+): .*name = 'worker-1'", lldb("thread list")).group(1)
        lldb(f"thread select {number}")
        said = lldb.go("thread step-inst")
        self.assertRegex(said, "name = 'worker-1', stop reason = instruction step into")
        self.assertIn("Scheduler", said)
        lldb.detach()
        guest.ends(0)

    def test_registers(self):
        guest = self.boot("spin")
        lldb = Lldb(self, guest)
        said = lldb("register read --all")
        for name in ("rax", "rip", "eflags", "fs_base", "st0", "fctrl", "xmm15", "mxcsr", "cr0", "cr3", "efer"):
            self.assertRegex(said, rf"(?m)^ *{name} = ")
        lldb("register write rbx 0x1234567890abcdef")
        self.assertIn("0x1234567890abcdef", lldb("register read rbx"))
        lldb('register write xmm3 "{1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16}"')
        self.assertIn("{0x01 0x02 0x03 0x04", lldb("register read xmm3"))
        lldb.go("thread step-inst")
        self.assertIn("0x1234567890abcdef", lldb("register read rbx"))
        self.assertIn("{0x01 0x02 0x03 0x04", lldb("register read xmm3"))
        lldb.fails("register write cr3 0x200000")
        self.assertRegex(lldb("register info cr0"), r"PG")
        lldb("expression released = 1")
        lldb.detach()
        guest.ends(0)

    def test_memory(self):
        guest = self.boot("spin")
        lldb = Lldb(self, guest)
        self.assertRegex(lldb("memory region &spin"), r"r-x")
        self.assertRegex(lldb("memory region &released"), r"rw-")
        self.assertRegex(lldb("memory region 0"), r"---")
        self.assertRegex(lldb("memory region --all"), r"(?s)r-x.*rw-")
        lldb.fails("memory read 0x0")
        lldb.fails("memory read 0x8000000000000000")
        lldb("memory write &watched_4 0x78 0x56 0x34 0x12")
        self.assertIn("0x12345678", lldb("expression --format hex -- watched_4"))
        lldb("memory write --size 1 &invalid_opcode 0x90")
        self.assertIn("nop", lldb("disassemble --count 1 --start-address &invalid_opcode"))
        lldb("expression released = 1")
        lldb.detach()
        guest.ends(0)

    def test_values_of_the_standard_library(self):
        guest = self.boot("values", wait=True)
        lldb = Lldb(self, guest)
        lldb("breakpoint set --one-shot true --name inspect")
        lldb("continue")
        said = lldb("frame variable numbers text ages point")
        self.assertRegex(said, r"numbers = 0x[0-9a-f]+ size=3: \{\n +\[0\] = 11\n +\[1\] = 22\n +\[2\] = 33\n")
        self.assertRegex(said, 'text = 0x[0-9a-f]+ "some text"')
        self.assertRegex(said, r'ages = 0x[0-9a-f]+ size=2: \{\n +\[0\] = \(first = "ada", second = 36\)')
        self.assertRegex(said, r"point = \(x = 3, y = 4\)")
        lldb.detach()
        guest.ends(0)

    def test_expressions_without_calls(self):
        # LLDB compiles no code for a target without an operating system: what it can interpret is what there is.
        # [LLDB DynamicLoaderStatic::DidAttach]
        guest = self.boot("walk", wait=True)
        lldb = Lldb(self, guest)
        lldb("breakpoint set --one-shot true --name outer")
        lldb("continue")
        self.assertIn("= 43", lldb("expression number * 2 + 43"))
        lldb("expression watched_8 = 1ull << 40")
        self.assertIn("= 1099511627776", lldb("expression watched_8"))
        self.assertIn("running target", lldb.fails("expression inner(6)"))
        lldb.detach()
        guest.ends(0)


class Attach(debugger.Case):
    def test_again_and_again(self):
        guest = self.boot("beat")
        for _ in range(5):
            lldb = Lldb(self, guest)
            self.assertIn("beat_on", lldb("thread backtrace all"))
            lldb.detach()
            guest.goes_on()

    def test_the_image_is_of_no_system_though_a_section_is_retained(self):
        # LLDB drops a module whose OS/ABI is that of another system than the stub's. [System V ABI, EI_OSABI]
        with open(debugger.DEBUGGEE, "rb") as image:
            self.assertEqual(0, image.read(8)[7])
        lldb = Lldb(self, self.boot("walk", wait=True))
        lldb("breakpoint set --name take_right_away")
        self.assertIn("resolved, hit count = 0", lldb("breakpoint list"))

    def test_while_it_waits_for_its_console(self):
        guest = self.boot("idle")
        lldb = Lldb(self, guest)
        lldb.run_until("thread backtrace all", "Scheduler::idle(.*\\n)*.*fgets")
        lldb.detach()
        guest.types("end\n")
        guest.ends(0)


if __name__ == "__main__":
    harness.main()
