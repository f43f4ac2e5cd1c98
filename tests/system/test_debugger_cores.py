"""Four cores under GDB, LLDB and bare packets: they stop together, and each goes on as it is told."""

import os
import re
import time

import debugger
import harness
from debugger import Gdb, Lldb, Wire

CORES = 4
ROW = re.compile(r"(?m)^(\d+) +(\S+) +(\d+) +(\S.*?) +0x")  # of `info os threads`: number, name, core, state


def ticks_of(process):
    """What a process has had of the processors, in clock ticks. [proc(5)]"""
    with open(f"/proc/{process}/stat") as stat:
        user, system = stat.read().rsplit(")", 1)[1].split()[11:13]
    return int(user) + int(system)


class Four(debugger.Case):
    def four(self, *words, wait=False, options=(), image=debugger.DEBUGGEE):
        return self.boot(*words, wait=wait, options=("--cores", str(CORES), *options), image=image)

    def turns(self, gdb):
        return [int(count) for count in re.findall(r"\d+", gdb(f"output turns[0]@{CORES}"))]

    def all_turn(self, gdb, cores=range(CORES)):
        """Lets the guest run until each of these cores has gone on."""
        for core in cores:
            gdb(f"watch turns[{core}]")
            self.assertEqual(str(core), gdb.go("continue").core)
            gdb("delete $bpnum")

    def running(self, gdb):
        """GDB's number of the thread that runs, for each core."""
        rows = ROW.findall(gdb("info os threads"))
        kernel = {int(core): number for number, _, core, state in rows if state.startswith("running")}
        known = dict((number, mine) for mine, number in
                     re.findall(r"(?m)^[* ] +(\d+) +Thread (\d+) ", gdb("info threads")))
        return {core: known[number] for core, number in kernel.items()}

    def released(self, guest, gdb):
        gdb("set var released = 1")
        gdb.detach()
        guest.ends(0)


class Standing(Four):
    def test_every_core_shows_what_it_runs(self):
        guest = self.four("cores-spin")
        gdb = Gdb(self, guest)
        self.all_turn(gdb)
        running = self.running(gdb)
        self.assertEqual(list(range(CORES)), sorted(running))
        for core, thread in running.items():
            gdb(f"thread {thread}")
            self.assertIn(f"spin_on (core={core})", gdb("bt"))
        self.assertNotIn('"idle/', gdb("info threads"))  # no core has time for that
        # However long one looks, nothing changes.
        self.assertEqual(self.turns(gdb), self.turns(gdb))
        self.released(guest, gdb)

    def test_those_that_stand_keep_no_processor_busy(self):
        self.stand_and_sleep()

    def test_nor_where_the_port_interrupts_by_messages(self):
        folder = harness.build_targets("kvm-pc", "debuggee")
        self.stand_and_sleep(options=("--board", "kvm-pc"),
                             image=os.path.join(folder, "tests/guest/debuggee/debuggee.elf"))

    def stand_and_sleep(self, **how):
        guest = self.four("cores-spin", **how)
        gdb = Gdb(self, guest)
        self.all_turn(gdb)
        [qemu] = [pid for pid, command in self.survivors().items() if command.startswith("qemu-system-")]
        before, begin = ticks_of(qemu), time.process_time()
        while time.process_time() - begin < 0.5:  # whoever wants a processor gets as much as this loop
            pass
        self.assertLess((ticks_of(qemu) - before) / os.sysconf("SC_CLK_TCK"), 0.2)
        self.released(guest, gdb)

    def test_registers_of_each_core_are_read_and_written(self):
        guest = self.four("cores-spin")
        gdb = Gdb(self, guest)
        self.all_turn(gdb)
        running = self.running(gdb)
        for core, thread in running.items():
            gdb(f"thread {thread}")
            gdb("frame function spin_on")  # which an interrupt may have interrupted
            gdb(f"set $r15 = {1000 + core}")
            gdb(f"set $xmm7.v2_int64[0] = {2000 + core}")
        self.all_turn(gdb)
        for core, thread in self.running(gdb).items():
            gdb(f"thread {thread}")
            gdb("frame function spin_on")
            self.assertEqual(1000 + core, gdb.value("$r15"))
            self.assertEqual(2000 + core, gdb.value("$xmm7.v2_int64[0]"))
            self.assertEqual(core != 0, gdb.value("$gs_base", "u") != 0)
        self.released(guest, gdb)

    def test_nobody_stands_within_an_exception(self):
        guest = self.four("cores-faults")
        gdb = Gdb(self, guest)
        for _ in range(15):
            for thread in self.running(gdb).values():
                gdb(f"thread {thread}")
                self.assertNotRegex(gdb("info symbol $pc"), "trap_common|toro_trap|recover")
                for _ in range(2):
                    gdb.go("stepi")
            gdb.let_run()
            gdb.interrupt()
        self.released(guest, gdb)

    def test_lldb_shows_every_core(self):
        guest = self.four("cores-spin")
        lldb = Lldb(self, guest)
        said = ""
        for _ in range(20):
            said = lldb("thread backtrace all")
            if all(f"spin_on(core={core})" in said for core in range(CORES)):
                break
            lldb.let_run()
            lldb.interrupt()
        for core in range(CORES):
            self.assertIn(f"spin_on(core={core})", said)
        self.assertIn("name = 'on-core-2'", lldb("thread list"))
        self.assertEqual(1, said.count("stop reason"))
        lldb("expression released = 1")
        lldb.detach()
        guest.ends(0)


class Meeting(Four):
    def test_a_breakpoint_on_another_core(self):
        guest = self.four("cores-arrive", wait=True)
        gdb = Gdb(self, guest)
        gdb("break core_arrives if core == 2")
        stop = gdb.go("continue")
        self.assertEqual(("breakpoint-hit", "core_arrives", "2"), (stop.reason, stop.func, stop.core))
        self.assertRegex(gdb("info threads"), r'(?m)^\* .*"on-core-2" \(on core 2\)')
        self.assertEqual("core_arrives", gdb.go("stepi").func)
        gdb("delete")
        self.assertIn("core=2", gdb.go("finish").text + gdb("bt"))
        self.released(guest, gdb)

    def test_a_breakpoint_on_every_core(self):
        guest = self.four("cores-arrive", wait=True)
        gdb = Gdb(self, guest)
        gdb("break core_arrives")
        cores = set()
        for _ in range(CORES):
            stop = gdb.go("continue")
            self.assertEqual("core_arrives", stop.func)
            self.assertEqual(stop.core, str(gdb.value("core")))
            cores.add(stop.core)
        self.assertEqual(CORES, len(cores))
        gdb("delete")
        self.released(guest, gdb)

    def test_lldb_on_another_core(self):
        guest = self.four("cores-arrive", wait=True)
        lldb = Lldb(self, guest)
        lldb("breakpoint set --name core_arrives --condition 'core == 2'")
        said = lldb.go("continue")
        self.assertRegex(said, r"(?s)name = 'on-core-2'.*stop reason = breakpoint 1\.1.*core_arrives\(core=2\)")
        self.assertIn("core_arrives(core=2)", lldb.go("thread step-inst"))
        lldb("breakpoint delete 1")
        self.assertIn("core=2) const", lldb.go("thread step-out"))
        lldb("expression released = 1")
        lldb.detach()
        guest.ends(0)

    def test_none_is_lost_where_all_meet_one_all_the_time(self):
        """A client takes the breakpoint out to step the core that met it, while the others are on their way there."""
        rounds = 125
        guest = self.four("cores-meet", str(rounds), wait=True)
        gdb = Gdb(self)
        meet = gdb.value("(long)&meet", "x")
        gdb.quit()
        hits = 0
        with Wire(self, guest) as wire:
            wire.ask(b"qSupported:swbreak+")
            wire.ask(b"QStartNoAckMode")
            wire.ask(b"?")
            meet = wire.moved(meet)
            self.assertEqual(b"OK", wire.ask(b"Z0,%x,1" % meet))
            while (reply := wire.ask(b"vCont;c"))[:1] == b"T":
                self.assertRegex(reply, b"^T05.*;swbreak:;")
                self.assertIn(b"10:" + meet.to_bytes(8, "little").hex().encode(), reply)
                hits += 1
                self.assertEqual(b"OK", wire.ask(b"z0,%x,1" % meet))
                thread = re.search(rb"thread:(\w+);", reply).group(1)
                self.assertEqual(b"T05", wire.ask(b"vCont;s:" + thread)[:3])
                self.assertEqual(b"OK", wire.ask(b"Z0,%x,1" % meet))
            self.assertEqual(b"W00", reply)
        self.assertEqual(CORES * rounds, hits)
        guest.says(f"met: {CORES * rounds}\n")
        guest.ends(0)

    def test_gdb_loses_none_either(self):
        rounds = 10
        guest = self.four("cores-meet", str(rounds), wait=True)
        gdb = Gdb(self, guest)
        gdb("break meet")
        gdb("ignore 1 10000")
        gdb("hbreak stage")
        self.assertEqual("stage", gdb.go("continue").func)
        self.assertIn(f"already hit {CORES * rounds} times", gdb("info breakpoints"))
        gdb.detach()
        guest.says(f"met: {CORES * rounds}\n")
        guest.ends(0)

    def test_a_watchpoint_that_another_core_writes(self):
        guest = self.four("cores-touch", wait=True)
        gdb = Gdb(self, guest)
        gdb("watch watched_8")
        for old in range(3):
            stop = gdb.go("continue")
            self.assertEqual(("watchpoint-trigger", "write_8", str(CORES - 1)), (stop.reason, stop.func, stop.core))
            self.assertEqual(old + 1, gdb.value("watched_8"))
        gdb("delete")
        self.released(guest, gdb)

    def test_a_watchpoint_that_all_cores_touch(self):
        """Bare packets: every touch is told, by the core that did it."""
        guest = self.four("cores-all-touch", wait=True)
        gdb = Gdb(self)
        watched = gdb.value("(long)&watched_8", "x")
        gdb.quit()
        told = []
        with Wire(self, guest) as wire:
            wire.ask(b"?")
            watched = wire.moved(watched)
            self.assertEqual(b"OK", wire.ask(b"Z2,%x,8" % watched))
            while (reply := wire.ask(b"vCont;c"))[:1] == b"T":
                self.assertIn(b"watch:%x;" % watched, reply)
                told.append(re.search(rb"core:(\w+);", reply).group(1))
        self.assertEqual(b"W00", reply)
        self.assertEqual({b"%x" % core: 5 for core in range(CORES)}, {core: told.count(core) for core in set(told)})
        guest.ends(0)


class GoingOn(Four):
    def test_one_core_steps_while_the_others_run(self):
        guest = self.four("cores-turn")
        gdb = Gdb(self, guest)
        self.all_turn(gdb, range(1, CORES))
        gdb(f"thread {self.running(gdb)[0]}")
        gdb("tbreak " + debugger.place_of("turn"))
        gdb.go("continue")
        before = self.turns(gdb)
        place = len(guest.log())
        after = before
        end = time.monotonic() + debugger.PATIENCE
        while not all(after[core] > before[core] for core in range(1, CORES)):
            self.assertLess(time.monotonic(), end, (before, after))
            gdb.go("stepi")
            after = self.turns(gdb)
        self.assertTrue(all(re.match(r"vCont;s:\w+;c", request) for request in guest.requests(place)
                            if request.startswith("vCont;")))
        self.released(guest, gdb)

    def test_one_core_steps_alone(self):
        guest = self.four("cores-turn")
        gdb = Gdb(self, guest)
        self.all_turn(gdb, range(1, CORES))
        running = self.running(gdb)
        gdb("set scheduler-locking on")
        # The one that steps need not be the one that the stub stopped on.
        for core in (0, 2):
            gdb(f"thread {running[core]}")
            before = self.turns(gdb)
            for _ in range(5):
                self.assertEqual(running[core], gdb.go("stepi").thread_id)
            after = self.turns(gdb)
            self.assertEqual(before[1], after[1])
            self.assertEqual(before[3], after[3])
        # And one core goes on alone, until it is interrupted.
        gdb(f"thread {running[3]}")
        before = self.turns(gdb)
        place = len(guest.log())
        self.all_turn(gdb, (3,))
        self.assertRegex("\n".join(guest.requests(place)), r"(?m)^vCont;c:\w+$")
        self.assertEqual(before[1:3], self.turns(gdb)[1:3])
        gdb("set scheduler-locking off")
        self.released(guest, gdb)

    def test_one_core_alone_takes_a_right_away_that_all_had(self):
        guest = self.four("cores-spin")
        gdb = Gdb(self, guest)
        self.all_turn(gdb)
        running = self.running(gdb)
        gdb("set scheduler-locking on")
        for core in range(CORES):
            gdb(f"thread {running[core]}")
            self.assertEqual("1", gdb("output take_right_away()"))  # the others stand, and are not waited for
        gdb("set scheduler-locking off")
        self.all_turn(gdb)
        self.released(guest, gdb)


class ControlC(Four):
    def test_exactly_one_core_tells_of_it(self):
        for mode in ("cores-spin", "cores-cli"):
            guest = self.four(mode)
            gdb = Gdb(self, guest)
            for _ in range(3):
                place = gdb.let_run()
                self.assertEqual("SIGINT", gdb.interrupt().signal_name)
                self.assertEqual(1, len(guest.stops(place)))
            self.all_turn(gdb)
            self.released(guest, gdb)

    def test_detach_and_attach_again(self):
        guest = self.four("cores-spin")
        for _ in range(3):
            gdb = Gdb(self, guest)
            gdb("break meet")
            gdb("watch watched_8")
            self.all_turn(gdb)
            gdb.detach()
            lldb = Lldb(self, guest)
            self.assertIn("on-core-3", lldb("thread list"))
            lldb.detach()
        gdb = Gdb(self, guest)
        self.assertRegex(gdb("compare-sections .text"), r"matched\.")
        said = gdb("monitor breakpoints")
        self.assertNotIn("software", said)
        self.assertEqual(4, said.count("free"))
        self.released(guest, gdb)

    def test_a_debugger_that_is_killed_lets_all_cores_go_on(self):
        guest = self.four("cores-spin")
        gdb = Gdb(self, guest)
        gdb("break meet")
        gdb("watch watched_8")
        self.all_turn(gdb)
        before = self.turns(gdb)
        gdb.kill()
        gdb = Gdb(self, guest)
        after = self.turns(gdb)
        self.assertTrue(all(a >= b for a, b in zip(after, before)))
        self.assertNotIn("software", gdb("monitor breakpoints"))
        self.all_turn(gdb)
        self.released(guest, gdb)


if __name__ == "__main__":
    harness.main()
