"""Operations in random order on four cores under load, by each debugger: nothing hangs, no breakpoint is lost, no
register is wrong, and the guest's checksums are right at the end. TORO_SOAK says how many, TORO_SEED in which order."""

import os
import random
import re

import debugger
import harness
from debugger import Gdb, Lldb

OPERATIONS = int(os.environ.get("TORO_SOAK", 150))
SEED = int(os.environ.get("TORO_SEED", 1))
CORES = 4
MASK = 2**64 - 1


class Checksums:
    """Those that the guest must come to, each computed once."""

    def __init__(self):
        self.known = {core: [core] for core in range(CORES)}

    def at(self, core, rounds):
        known = self.known[core]
        while len(known) <= rounds:
            known.append((known[-1] * 6364136223846793005 + len(known) - 1) & MASK)
        return known[rounds]


class By:
    """The operations that are the same by both."""

    def __init__(self, case, guest):
        self.case, self.guest = case, guest
        self.debugger = self.kind(case, guest)

    def line(self):
        self.debugger.go(self.step_line)

    def pause(self):
        self.debugger.let_run()
        self.debugger.interrupt()

    def again(self):
        """The same debugger leaves, and connects once more."""
        self.debugger.leave()
        self.debugger.attach()

    def another(self):
        """The debugger is killed while the guest runs into its breakpoint, and another one connects."""
        self.debugger(self.break_at_mark)
        self.debugger.let_run()
        self.debugger.kill()
        self.debugger = self.kind(self.case, self.guest)


class ByGdb(By):
    kind = Gdb
    step_line = "step"
    break_at_mark = "break *soak_mark"

    def stop_at_mark(self, count):
        """The arguments of soak_mark, each time that a core comes there."""
        gdb = self.debugger
        gdb(self.break_at_mark)
        seen = []
        for _ in range(count):
            gdb.go("continue")
            seen.append((gdb.value("$edi", "u"), gdb.value("$rsi", "u"), gdb.value("$rdx", "u")))
        gdb("delete")
        return seen

    def step(self, count):
        gdb = self.debugger
        for _ in range(count):
            before = gdb.value("$pc", "u")
            gdb.go("stepi")
            if not re.search(r"(?m)^=> .*(jmp|rep|hlt)", gdb("x/i $pc")):
                self.case.assertNotEqual(before, gdb.value("$pc", "u"))

    def watch(self, core):
        gdb = self.debugger
        gdb(f"watch soaked[{core}]")
        stop = gdb.go("continue")
        gdb("delete")
        self.case.assertIn("watchpoint", stop.reason)
        old, new = (int(value) for value in re.findall(r'(?:old|new)="(\d+)"', stop.record))
        self.case.assertEqual(old + 1, new)

    def put(self, index, value):
        self.debugger(f"set var soak_scratch[{index}] = {value}ul")
        return self.debugger.value(f"soak_scratch[{index}]", "u")

    def register(self, value):
        gdb = self.debugger
        before = gdb.value("$r15", "u")
        gdb(f"set var $r15 = {value}ul")
        seen = gdb.value("$r15", "u")
        gdb(f"set var $r15 = {before}ul")
        return seen

    def threads(self):
        return self.debugger("monitor threads")

    def finish(self):
        self.debugger("set var released = 1")
        self.debugger.detach()


class ByLldb(By):
    kind = Lldb
    step_line = "thread step-in"
    break_at_mark = "breakpoint set --skip-prologue false --name soak_mark"

    def __init__(self, case, guest):
        super().__init__(case, guest)
        self.arrays = {}  # an expression is compiled, which takes longer than all the rest

    def number(self, register):
        return int(re.search(r"= (0x\w+)", self.debugger(f"register read {register}")).group(1), 0)

    def place(self, array, index):
        if array not in self.arrays:
            said = self.debugger(f"expression &{array}[0]")
            self.arrays[array] = int(re.search(r"= (0x\w+)|\) (0x\w+)", said).group(0).split()[-1], 0)
        return hex(self.arrays[array] + 8 * index)

    def stop_at_mark(self, count):
        lldb = self.debugger
        lldb(self.break_at_mark)
        seen = []
        for _ in range(count):
            lldb.go("continue")
            seen.append((self.number("edi"), self.number("rsi"), self.number("rdx")))
        lldb("breakpoint delete --force")
        return seen

    def step(self, count):
        for _ in range(count):
            self.debugger.go("thread step-inst")

    def watch(self, core):
        lldb = self.debugger
        lldb(f"watchpoint set expression -w write -s 8 -- {self.place('soaked', core)}")
        said = lldb.go("continue")
        lldb("watchpoint delete --force")
        self.case.assertIn("watchpoint", said)

    def put(self, index, value):
        at = self.place("soak_scratch", index)
        self.debugger(f"memory write --size 8 {at} {value:#x}")
        said = self.debugger(f"memory read --size 8 --format x --count 1 {at}")
        return int(re.search(r": (0x\w+)", said).group(1), 0)

    def register(self, value):
        before = self.number("r15")
        self.debugger(f"register write r15 {value:#x}")
        seen = self.number("r15")
        self.debugger(f"register write r15 {before:#x}")
        return seen

    def threads(self):
        return self.debugger("process plugin packet monitor threads")

    def finish(self):
        self.debugger("expression released = 1")
        self.debugger.detach()


class Soak(debugger.Case):
    def soak(self, make):
        guest = self.boot("cores-soak", options=("--cores", str(CORES), "--timeout", "3600"))
        subject, chance, checksums = make(self, guest), random.Random(SEED), Checksums()

        def marks():
            last = {}
            for core, number, value in subject.stop_at_mark(chance.randint(1, 6)):
                self.assertEqual(checksums.at(core, number + 1), value, f"core {core}, round {number}")
                self.assertEqual(last.get(core, number - 1) + 1, number, f"core {core} passed a breakpoint")
                last[core] = number

        def memory():
            value = chance.getrandbits(64)
            self.assertEqual(value, subject.put(chance.randrange(64), value))

        def register():
            value = chance.getrandbits(64)
            self.assertEqual(value, subject.register(value))

        def threads():
            table = subject.threads()
            running = re.findall(r"(?m)^\d+ +\S+ +(\d) +running ", table)
            self.assertEqual([str(core) for core in range(CORES)], sorted(running), table)

        def step():
            subject.step(chance.randint(1, 5))

        def watch():
            subject.watch(chance.randrange(CORES))

        operations = {marks: 6, memory: 3, register: 3, threads: 3, subject.pause: 6, subject.line: 3, step: 3, watch: 3,
                      subject.again: 2, subject.another: 1}
        for operation in chance.choices(list(operations), operations.values(), k=OPERATIONS):
            operation()
        subject.finish()
        guest.says("debuggee: end")
        for core, rounds, value in re.findall(r"core (\d+): (\d+) rounds, checksum (\d+)", guest.console.text):
            self.assertEqual(checksums.at(int(core), int(rounds)), int(value), f"core {core}")
        self.assertEqual(CORES, guest.console.text.count("checksum"))
        guest.ends(0)

    def test_gdb(self):
        self.soak(ByGdb)

    def test_lldb(self):
        self.soak(ByLldb)


if __name__ == "__main__":
    harness.main()
