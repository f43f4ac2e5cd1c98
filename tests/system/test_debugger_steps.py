"""Stepping: by instruction and by line, over what would leak the step or sleep, and of threads that do not run."""

import debugger
import harness
from debugger import Gdb, line_of, place_of


class Lines(debugger.Case):
    def at(self, place, *words):
        guest = self.boot(*words, wait=True)
        gdb = Gdb(self, guest)
        gdb(f"tbreak {place}")
        gdb.go("continue")
        return guest, gdb

    def test_into_over_out_of_and_up_to(self):
        guest, gdb = self.at("outer", "walk")
        stop = gdb.go("next")
        self.assertEqual(("end-stepping-range", "outer", str(line_of("second call"))),
                         (stop.reason, stop.func, stop.line))
        self.assertEqual("inner", gdb.go("step").func)
        stop = gdb.go("finish")
        self.assertEqual(("function-finished", "outer"), (stop.reason, stop.func))
        self.assertRegex(stop.text, r"Value returned is \$1 = 3")
        self.assertEqual(str(line_of("return of outer")), gdb.go("next").line)
        gdb("tbreak count_to")
        gdb.go("continue")
        gdb.go("next")
        stop = gdb.go("until " + place_of("after the loop"))
        self.assertEqual(("count_to", str(line_of("after the loop"))), (stop.func, stop.line))
        self.assertEqual(4950, gdb.value("sum"))
        stop = gdb.go("finish")
        self.assertRegex(stop.text, "Value returned is .* = 4950")
        gdb.detach()
        guest.ends(0)

    def test_a_whole_line_is_one_request(self):
        guest, gdb = self.at("calculate", "walk")
        place = len(guest.log())
        for line in range(line_of("first of three") + 1, line_of("behind the three") + 1):
            stop = gdb.go("next")
            self.assertEqual(("end-stepping-range", str(line)), (stop.reason, stop.line))
        steps = [request for request in guest.requests(place) if request.startswith("vCont")]
        self.assertEqual(3, len(steps), steps)
        self.assertTrue(all(step.startswith("vCont;r") for step in steps), steps)
        gdb.quit()

    def test_a_loop_within_a_line(self):
        guest, gdb = self.at(place_of("one line of many instructions"), "walk")
        place = len(guest.log())
        while gdb.go("next").line != str(line_of("after the loop")):
            pass
        # A hundred rounds of some ten instructions, in which the debugger has no say.
        self.assertLess(sum(request.startswith("vCont") for request in guest.requests(place)), 310)
        self.assertEqual(4950, gdb.value("sum"))
        gdb.quit()

    def test_a_call_within_the_line_is_stepped_over(self):
        guest, gdb = self.at("outer", "walk")
        place = len(guest.log())
        self.assertEqual(str(line_of("second call")), gdb.go("next").line)
        # Range up to the call, one instruction into it, to its end by a breakpoint, the rest of the range.
        self.assertLessEqual(len([request for request in guest.requests(place) if request.startswith("vCont")]), 6)
        gdb.quit()

    def test_a_breakpoint_within_what_is_stepped_over(self):
        guest, gdb = self.at("outer", "walk")
        gdb("break inner")
        stop = gdb.go("next")
        self.assertEqual(("breakpoint-hit", "inner"), (stop.reason, stop.func))
        gdb("delete")
        gdb("break factorial if number == 1")
        self.assertEqual("factorial", gdb.go("continue").func)
        stop = gdb.go("finish")
        self.assertRegex(stop.text, "Value returned is .* = 1")
        gdb("delete")
        gdb.detach()
        guest.ends(0)

    def test_a_thousand_instructions(self):
        guest, gdb = self.at("outer", "walk")
        self.assertEqual("end-stepping-range", gdb.go("stepi 1000").reason)
        gdb("tbreak stage")
        gdb.go("continue")
        self.assertEqual("exited-normally", gdb.go("continue").reason)

    def test_out_of_main(self):
        guest, gdb = self.at("stage", "walk")
        self.assertEqual("main", gdb.go("finish").func)
        stop = gdb.go("next")
        for _ in range(3):
            stop = gdb.go("next")
            if stop.func != "main":
                break
        self.assertNotEqual("main", stop.func)
        self.assertEqual("exited-normally", gdb.go("continue").reason)
        guest.ends(0)


class AtLabels(debugger.Case):
    mode = "steps"

    def setUp(self):
        super().setUp()
        self.guest = self.boot(self.mode, wait=True)
        self.gdb = Gdb(self, self.guest)

    def to(self, label):
        self.gdb(f"tbreak *(char*)&{label}")
        self.gdb.go("continue")
        self.stands_at(label)

    def stands_at(self, label):
        self.assertEqual(self.gdb(f"info symbol &{label}"), self.gdb("info symbol $pc"))

    def step(self, label):
        stop = self.gdb.go("stepi")
        self.assertEqual("end-stepping-range", stop.reason)
        self.stands_at(label)

    def flags(self):
        return self.gdb("info registers eflags")


class Instructions(AtLabels):
    def test_pushed_flags_show_no_trap_flag(self):
        self.to("at_pushf")
        self.step("at_pop")
        self.assertEqual(0, self.gdb.value("*(long*)$rsp & 0x10100", "x"))
        self.step("after_pushf")
        # And none where the breakpoint on the instruction itself is passed by.
        self.assertNotIn("TF", self.flags())

    def test_the_interrupt_flag_is_what_the_program_makes_of_it(self):
        self.to("at_cli")
        self.step("at_nop")
        self.assertNotIn("IF", self.flags())
        self.step("at_sti")
        self.assertNotIn("IF", self.flags())
        # The instruction behind `sti` runs before any interrupt; the processor may take both for one step.
        self.gdb.go("stepi")
        if self.gdb.value("(long)$pc") == self.gdb.value("(long)&after_sti"):
            self.gdb.go("stepi")
        self.stands_at("after_shadow")
        self.assertIn("IF", self.flags())

    def test_breakpoints_on_cli_and_sti_are_passed_by(self):
        self.gdb("break *(char*)&at_cli")
        self.gdb("break *(char*)&at_sti")
        self.gdb("break *(char*)&after_shadow")
        self.gdb.go("continue")
        self.stands_at("at_cli")
        self.gdb.go("continue")
        self.stands_at("at_sti")
        self.assertNotIn("IF", self.flags())
        self.gdb.go("continue")
        self.stands_at("after_shadow")
        self.assertIn("IF", self.flags())

    def test_into_and_over_a_system_call(self):
        self.to("at_syscall")
        after = self.gdb.value("(long)&after_syscall")
        self.gdb.go("stepi")
        self.assertIn("toro_syscall_entry", self.gdb("info symbol $pc"))
        self.assertEqual(after, self.gdb.value("(long)$rcx"))
        self.assertEqual(0, self.gdb.value("$r11 & 0x100", "x"))
        self.gdb("tbreak *(char*)&after_syscall")
        self.gdb.go("continue")
        self.stands_at("after_syscall")
        self.assertGreater(self.gdb.value("(long)$rax"), 0)
        self.assertIn("IF", self.flags())
        self.assertNotIn("TF", self.flags())
        self.gdb("tbreak scaled")
        self.assertEqual("scaled", self.gdb.go("continue").func)

    def test_over_a_system_call_by_line(self):
        self.gdb("tbreak system_call")
        self.gdb.go("continue")
        self.gdb.go("finish")
        self.assertRegex("".join(self.gdb.said), "Value returned is .* = [0-9]+")

    def test_a_repeated_instruction_step_by_step(self):
        self.to("at_rep")
        for left in range(7, 0, -1):
            self.step("at_rep")
            self.assertEqual(left, self.gdb.value("$rcx"))
        self.step("after_rep")

    def test_a_trap_of_the_program(self):
        stop = self.gdb.go("continue")
        self.assertEqual(("signal-received", "SIGTRAP"), (stop.reason, stop.signal_name))
        self.stands_at("after_int3")
        stop = self.gdb.go("continue")
        self.assertEqual("exited-normally", stop.reason)

    def test_a_breakpoint_on_a_trap_of_the_program(self):
        self.to("at_int3")
        stop = self.gdb.go("stepi")
        self.stands_at("after_int3")
        self.assertEqual("exited-normally", self.gdb.go("continue").reason)

    def test_onto_a_breakpoint(self):
        self.to("at_pushf")
        self.gdb("break *(char*)&at_pop")
        self.gdb("set breakpoint always-inserted on")
        stop = self.gdb.go("stepi")
        self.stands_at("at_pop")
        self.gdb.go("stepi")
        self.stands_at("after_pushf")



class Halts(AtLabels):
    mode = "halt"

    def test_a_step_over_one_does_not_sleep(self):
        self.to("before_hlt")
        self.step("at_hlt")
        self.step("after_hlt")
        self.gdb("break stage")
        self.assertEqual("stage", self.gdb.go("continue").func)

    def test_a_breakpoint_on_one_is_passed_by(self):
        self.gdb("break *(char*)&at_hlt")
        self.gdb("break *(char*)&after_hlt")
        self.gdb.go("continue")
        self.stands_at("at_hlt")
        self.gdb.go("continue")
        self.stands_at("after_hlt")

    def test_a_breakpoint_behind_one_is_met_when_an_interrupt_has_come(self):
        self.gdb("break *(char*)&after_hlt")
        place = self.gdb.let_run()
        self.guest.types_until(lambda: self.guest.stops(place))
        self.gdb.stopped()
        self.stands_at("after_hlt")


class OtherThreads(debugger.Case):
    def setUp(self):
        super().setUp()
        self.guest = self.boot("threads", "3", wait=True)
        self.gdb = Gdb(self, self.guest)
        self.gdb("tbreak all_are_waiting")
        self.gdb.go("continue")

    def test_a_step_of_one_that_does_not_run_ends_when_the_scheduler_comes_to_it(self):
        self.gdb("thread 3")
        before = self.gdb.value("(long)$pc")
        stop = self.gdb.go("stepi")
        self.assertEqual("3", stop.thread_id)
        self.assertIn("Scheduler", self.gdb("bt 1"))
        self.assertIn('* 3    Thread 3 "worker-1" (on core 0)', self.gdb("info threads"))
        self.assertNotEqual(0, before)
        self.gdb.detach()
        self.guest.ends(0)

    def test_with_the_scheduler_locked_only_the_running_one_steps(self):
        self.gdb("set scheduler-locking on")
        place = len(self.guest.log())
        stop = self.gdb.go("stepi")
        self.assertEqual("1", stop.thread_id)
        self.assertIn("vCont;s:1", self.guest.requests(place))
        self.gdb("thread 3")
        self.assertIn("Remote failure reply", self.gdb.go("stepi").text)
        self.gdb("set scheduler-locking off")
        self.gdb("thread 1")
        self.gdb.detach()
        self.guest.ends(0)

    def test_a_breakpoint_for_one_thread(self):
        self.gdb("break outer thread 3")
        stop = self.gdb.go("continue")
        self.assertEqual(("outer", "3", 1), (stop.func, stop.thread_id, self.gdb.value("number")))
        self.gdb.detach()
        self.guest.ends(0)

    def test_a_line_is_stepped_while_others_run(self):
        self.gdb("break outer")
        self.assertEqual("outer", self.gdb.go("continue").func)
        self.gdb("delete")
        mine = self.gdb("print $_thread")
        for _ in range(3):
            stop = self.gdb.go("next")
        self.assertEqual(mine.split()[-1], stop.thread_id)
        self.gdb.detach()
        self.guest.ends(0)


if __name__ == "__main__":
    harness.main()
