"""A debugger that comes to a guest, whatever that does: threads, registers and memory, by GDB."""

import debugger
import harness
from debugger import Gdb, Wire


class Attach(debugger.Case):
    def test_to_a_guest_that_computes(self):
        guest = self.boot("spin")
        gdb = Gdb(self, guest)
        gdb.run_until("bt", r"#0 .*spin \(\).*\n#1 .*main \(argc=2,")
        gdb("set var released = 1")
        gdb.detach()
        guest.ends(0)

    def test_to_a_guest_that_sleeps(self):
        guest = self.boot("sleep")
        gdb = Gdb(self, guest)
        names = {name: state for _, name, state, _ in gdb.threads()}
        self.assertEqual("on core 0" if "idle/0" not in names else "waiting for sleep", names["main"])
        gdb("set var released = 1")
        gdb.detach()
        guest.ends(0)

    def test_to_a_guest_that_waits_for_its_console(self):
        guest = self.boot("idle")
        guest.types("before\n")
        guest.says(r"\[before\n")
        gdb = Gdb(self, guest)
        gdb.run_until("info threads", r'"idle/0" \(on core 0\)(.*\n)*.*"main" \(waiting for console input\)')
        gdb("thread 2")
        self.assertRegex(gdb("bt"), r"(?s)toro::process::Scheduler::wait \(.*toro_syscall_entry")
        gdb.detach()
        guest.types("after\nend\n")
        guest.says(r"\[after\n\[end\n")
        guest.ends(0)

    def test_to_a_guest_that_waits_for_it(self):
        guest = self.boot("exit", "7", wait=True)
        gdb = Gdb(self, guest)
        self.assertEqual("", guest.console.text)
        self.assertIn("toro_debug_break", gdb("info symbol $pc"))
        gdb.detach()
        guest.says("debuggee: exit")
        guest.ends(7)

    def test_ten_times(self):
        guest = self.boot("beat")
        for _ in range(10):
            gdb = Gdb(self, guest)
            self.assertIn('"main" (', gdb("thread apply all bt"))
            gdb.detach()
        guest.goes_on()


class Threads(debugger.Case):
    def test_every_thread_has_a_name_a_state_and_a_backtrace(self):
        guest = self.boot("threads", "24", wait=True)
        gdb = Gdb(self, guest)
        gdb("tbreak all_are_waiting")
        self.assertEqual("all_are_waiting", gdb.go("continue").func)
        threads = gdb.threads()
        self.assertEqual(["main", *(f"worker-{i}" for i in range(24))], [name for _, name, *_ in threads])
        states = {name: state for _, name, state, _ in threads}
        self.assertEqual("on core 0", states.pop("main"))
        self.assertLessEqual(set(states.values()), {"ready", "waiting for futex"})
        self.assertIn("waiting for futex", states.values())
        traces = gdb("thread apply all bt").split("\nThread ")[1:]
        self.assertEqual(25, len(traces))
        for trace in traces:
            self.assertRegex(trace, "all_are_waiting|toro::process::Scheduler", trace)
        self.assertRegex(gdb("info os threads"), r"(?m)^25 +worker-23 +0 +waiting +futex ")
        # The registers of one that does not run are those it was left with, and can be changed.
        gdb("thread 10")
        self.assertIn("Scheduler", gdb("info symbol $pc"))
        for name, value in (("r12", "0x1234"), ("rdx", "0x5678"), ("xmm3.uint128", "7"), ("mxcsr", "0x1fa0")):
            gdb("thread 10")
            kept = gdb(f"output/x ${name}")
            gdb(f"set var ${name} = {value}")
            gdb("thread 1")
            gdb("thread 10")
            self.assertEqual(int(value, 0), int(gdb(f"output/x ${name}"), 0))
            if name != "rdx":
                gdb(f"set var ${name} = {int(kept, 0) if kept[:2] == '0x' else 0}")
        self.assertEqual(traces[-10].count("\n#"), ("\n" + gdb("bt")).count("\n#"))
        gdb.detach()
        guest.ends(0)

    def test_functions_are_called_in_threads_that_do_not_run(self):
        guest = self.boot("threads", "6", wait=True)
        gdb = Gdb(self, guest)
        gdb("tbreak all_are_waiting")
        gdb.go("continue")
        gdb("set scheduler-locking on")
        threads = range(1, 8)
        for thread in threads:
            gdb(f"thread {thread}")
            self.assertRegex(gdb(f"print outer({thread})"), f"= {(2 * thread + 1) + (4 * thread + 3)}\n")
            self.assertRegex(gdb(f"print scaled({thread})"), rf"= {thread * 1.5 + 2:g}\n")
        # Where the scheduler left it, it is the scheduler's again.
        before = gdb.value("$pc", "x")
        self.assertIn("Remote failure reply", gdb.go("stepi").text)
        self.assertEqual(before, gdb.value("$pc", "x"))
        # All of them in calls at once.
        gdb("break inner")
        for thread in threads:
            gdb(f"thread {thread}")
            self.assertIn("stopped while in a function called from GDB", gdb.fails(f"print outer({thread})"))
        for thread in threads:
            gdb(f"thread {thread}")
            self.assertEqual(thread, gdb.value("number"))
            gdb("frame 2")
            gdb("return")
        gdb("delete")
        gdb("set scheduler-locking off")
        gdb("thread 1")
        gdb.detach()
        guest.ends(0)


class Registers(debugger.Case):
    def gdb_at_stage(self):
        guest = self.boot("walk", wait=True)
        gdb = Gdb(self, guest)
        gdb("tbreak inner")
        self.assertEqual("inner", gdb.go("continue").func)
        return guest, gdb

    def test_every_group_is_read_and_written(self):
        guest, gdb = self.gdb_at_stage()
        for name in ("rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r14", "r15"):
            kept = gdb.value(f"${name}", "x")
            gdb(f"set var ${name} = 0x1122334455667788")
            self.assertEqual(0x1122334455667788, gdb.value(f"${name}", "x"))
            gdb(f"set var ${name} = {kept}")
        gdb("set var $eflags = $eflags | 1")
        self.assertIn("CF", gdb("info registers eflags"))
        for i in (0, 7, 15):
            gdb(f"set var $xmm{i}.v2_double = {{1.5, -2.5}}")
            self.assertRegex(gdb(f"print $xmm{i}.v2_double"), r"\{1\.5, -2\.5\}")
        gdb("set var $st0 = 2.5")
        gdb("set var $st7 = -1")
        gdb("set var $mxcsr = 0x1f81")
        self.assertEqual(0x1f81, gdb.value("$mxcsr", "x"))
        gdb("set var $fctrl = 0x27f")
        # What was written is the processor's: one step on, it is still there.
        gdb.go("stepi")
        self.assertRegex(gdb("print $st0"), r"= 2\.5\n")
        self.assertRegex(gdb("print $st7"), r"= -1\n")
        self.assertEqual(0x27f, gdb.value("$fctrl", "x"))
        self.assertRegex(gdb("print $xmm15.v2_double"), r"\{1\.5, -2\.5\}")
        gdb.quit()

    def test_segments_and_control_registers(self):
        guest, gdb = self.gdb_at_stage()
        said = gdb("info registers cs ss fs_base gs_base cr0 cr2 cr3 cr4 cr8 efer")
        self.assertRegex(said, r"(?m)^cs +0x8 ")
        self.assertRegex(said, r"(?m)^cr0 +0x[0-9a-f]+ +\[ PE .*WP PG \]$")
        self.assertRegex(said, r"(?m)^cr4 +0x[0-9a-f]+ +\[ .*PAE .*\]$")
        self.assertRegex(said, r"(?m)^efer +0x[0-9a-f]+ +\[ .*LME LMA NXE \]$")
        base = gdb.value("$fs_base", "x")
        gdb("set var $fs_base = $fs_base + 8")
        self.assertEqual(base + 8, gdb.value("$fs_base", "x"))
        gdb(f"set var $fs_base = {base}")
        gdb("set var $cr2 = 0x1234000")
        self.assertEqual(0x1234000, gdb.value("$cr2", "x"))
        gdb("set var $cr8 = 3")
        self.assertEqual(3, gdb.value("$cr8"))
        gdb("set var $cr8 = 0")
        # What would take the ground from under the kernel is refused, and nothing is changed.
        before = gdb("info registers cr0 cr3 cr4 efer cs rip")
        for wrong in ("$cr0 = 0", "$cr3 = 0x200000", "$cr4 = 0", "$efer = 0", "$cr8 = 16", "$cs = 0x33",
                      "$rip = 0x8000000000000000", "$fs_base = 0x8000000000000000", "$mxcsr = 0xffffffff"):
            gdb.fails("set var " + wrong)
        gdb("maint flush register-cache")
        self.assertEqual(before, gdb("info registers cr0 cr3 cr4 efer cs rip"))
        gdb.detach()
        guest.ends(0)

    def test_a_moved_instruction_pointer(self):
        guest, gdb = self.gdb_at_stage()
        gdb("break divide_by")
        gdb("set var $rip = (long)&divide_by")
        # The place where it was put holds a breakpoint, which it has yet to meet.
        self.assertEqual(("breakpoint-hit", "divide_by"), (lambda stop: (stop.reason, stop.func))(gdb.go("continue")))
        gdb.quit()

    def test_a_function_called_from_the_debugger(self):
        guest, gdb = self.gdb_at_stage()
        self.assertRegex(gdb("print factorial(6)"), "= 720\n")
        self.assertRegex(gdb("print scaled(3.0)"), r"= 6\.5\n")
        self.assertRegex(gdb("print outer(1)"), "= 10\n")
        gdb("break factorial")
        self.assertRegex(gdb.fails("print factorial(3)"), "being debugged stopped while in a function called from GDB")
        gdb("delete")
        self.assertRegex(gdb.go("finish").text, "Value returned is .* = 6")
        gdb.detach()
        guest.ends(0)


class Memory(debugger.Case):
    def test_what_is_mapped_is_read_and_written(self):
        guest = self.boot("spin")
        gdb = Gdb(self, guest)
        self.assertRegex(gdb("print (char*)&constant"), '"constant"')
        gdb("set var watched_8 = 0x1122334455667788")
        self.assertRegex(gdb("x/8xb &watched_8"), r"0x88\s+0x77\s+0x66\s+0x55\s+0x44\s+0x33\s+0x22\s+0x11")
        # Constants and code are read-only to the program, not to its debugger.
        gdb("set var *(char*)&constant = 'C'")
        self.assertRegex(gdb("print (char*)&constant"), '"Constant"')
        gdb("set var *(char*)&constant = 'c'")
        self.assertRegex(gdb("compare-sections .text"), r"matched\.")
        byte = gdb.value("*(unsigned char*)&invalid_opcode")
        gdb("set var *(unsigned char*)&invalid_opcode = 0x90")
        self.assertIn("MIS-MATCHED", gdb("compare-sections .text"))
        gdb(f"set var *(unsigned char*)&invalid_opcode = {byte}")
        self.assertRegex(gdb("compare-sections .text"), r"matched\.")
        gdb(f"dump binary memory {self.folder}/text &spin ((char*)&spin)+70000")
        gdb(f"restore {self.folder}/text binary (long)&spin")
        self.assertRegex(gdb("compare-sections .text"), r"matched\.")
        gdb("set var released = 1")
        gdb.detach()
        guest.ends(0)

    def test_what_is_not_mapped_is_an_error_and_no_more(self):
        guest = self.boot("spin")
        gdb = Gdb(self, guest)
        for address in ("0", "0xfff", "0x8000000000000000", "0x800000000000", "0xffffffffffffffff", "0x7fff00000000",
                        "0x40000000"):
            self.assertIn("Cannot access memory", gdb.fails(f"x/1xb {address}"))
            self.assertIn("Cannot access memory", gdb.fails(f"set var *(char*){address} = 1"))
        self.assertIn("spin", gdb("bt"))
        gdb("set var released = 1")
        gdb.detach()
        guest.ends(0)

    def test_the_ends_of_memory_and_sizes_without_sense(self):
        guest = self.boot("spin")
        with Wire(self, guest) as wire:
            self.assertEqual(b"T", wire.ask(b"?")[:1])
            # 64 MiB of RAM: the last bytes are there, those behind are not.
            self.assertEqual(16, len(wire.ask(b"m3fffff8,8")))
            self.assertEqual(16, len(wire.ask(b"m3fffff8,10")))
            self.assertEqual(b"E14", wire.ask(b"m4000000,8"))
            self.assertEqual(b"E14", wire.ask(b"m0,ffffffffffffffff"))
            self.assertEqual(b"E14", wire.ask(b"mffffffffffffffff,2"))
            self.assertEqual(b"E22", wire.ask(b"mfffffffffffffffff,1"))
            # More than a packet can hold gives as much as it can.
            self.assertGreaterEqual(len(wire.ask(b"m100000,ffffffffffffffff")), 0x4000)
            self.assertEqual(b"E14", wire.ask(b"M0,1:00"))
            self.assertEqual(b"E22", wire.ask(b"M100000,ffffffffffffffff:00"))
            self.assertEqual(b"E22", wire.ask(b"X100000,ffffffffffffffff:"))
            self.assertEqual(b"OK", wire.ask(b"X100000,0:"))
            self.assertEqual(b"E14", wire.ask(b"qCRC:0,10"))
            self.assertEqual(b"E22", wire.ask(b"qCRC:0,ffffffffffffffff"))
            wire.quiet()


if __name__ == "__main__":
    harness.main()
