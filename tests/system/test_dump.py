"""What a guest that panics leaves: its memory, into which both debuggers look as into a guest that stands."""

import os
import re
import shutil
import socket
import subprocess

import debugger
import harness
from debugger import DEBUGGEE

GDB_SCRIPT = """\
info threads
bt
up
info locals
print beats
info os cores
info os virtqueues
monitor heaps
monitor why
info registers cr2
x/s constant
set var beats = 1
"""

LLDB_SCRIPT = """\
thread list
bt
frame variable where
register read rip cr2
process plugin packet monitor boot-stages
"""


class Dump(harness.Case):
    def panic(self, *words, options=("--cores", "4")):
        """The dump of a debuggee that panics, and the run's result."""
        file = os.path.join(self.folder, "memory.dump")
        result = self.toro("run", DEBUGGEE, "--timeout", "60", "--dump", file, *options, "--", *words)
        self.assertEqual(134, result.status, str(result))
        return file, result

    def test_sockets_are_listed(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            dump, _ = self.panic("sockets", "read", options=("--vsock", f"7:{server.getsockname()[1]}"))
        seen = self.look(dump, "info os sockets\n")
        self.assertRegex(seen.out, r"(?m)^TCP +LISTEN +127\.0\.0\.1 +7000 +lo +0 +3 +0 +1 +5 +0x\w+ *$")
        self.assertRegex(seen.out, r"(?m)^TCP +ESTABLISHED +127\.0\.0\.1 +7000 +127\.0\.0\.1 +\d+ +lo +0 +5 +12 +")
        self.assertRegex(seen.out, r"(?m)^vsock +ESTABLISHED +3 +\d+ +2 +7 +0 +13 +")

    def look(self, dump, script, *options, image=DEBUGGEE, limit=120):
        file = os.path.join(self.folder, "script")
        with open(file, "w") as stream:
            stream.write(script)
        return self.toro("debug", *([image] if image else []), "--dump", dump, "--batch", file, *options, limit=limit)

    def test_gdb_shows_it_as_if_live(self):
        dump, run = self.panic("cores-fault", "read")
        self.assertRegex(run.err, r"the guest's memory is in \S+memory.dump: `toro debug \S+ --dump \S+` looks into it")
        seen = self.look(dump, GDB_SCRIPT)
        self.assertEqual(1, seen.status, str(seen))  # the last command fails, as it is to
        self.assertRegex(seen.out, r'\* \d +Thread 1 "main" \(on core 0\) +0x\w+ in read_from \(where=0x0\)')
        self.assertRegex(seen.out, r'Thread \w+ "idle/(\d)" \(on core \1\)')
        self.assertRegex(seen.out, r"#0 .*read_from \(where=0x0\)(.*\n)+#1 .*fault \((.*\n)+#2 .*main \(argc=3")
        self.assertRegex(seen.out, r"(?m)^3 +3 +0 +\w+ +\S+")
        self.assertRegex(seen.out, r"(?m)^console +\d+ +16")
        self.assertRegex(seen.err, r"(?m)^3 +\d+ +\d+ +\d+ +\d+ +\d+")
        self.assertIn("page fault: read of 0x0, which is not mapped", seen.err)
        self.assertRegex(seen.out, r"cr2 +0x0")
        self.assertIn('"constant"', seen.out)

    def test_lldb_shows_it_as_if_live(self):
        dump, _ = self.panic("cores-fault", "read")
        seen = self.look(dump, LLDB_SCRIPT, "--debugger", "lldb")
        self.assertEqual(0, seen.status, str(seen))
        self.assertRegex(seen.out, r"\* thread #\d+, name = 'main'.*stop reason = page fault: read of 0x0")
        self.assertRegex(seen.out, r"name = 'idle/\d'")
        self.assertRegex(seen.out, r"frame #0: 0x\w+ debuggee.elf`read_from\(where=")
        self.assertRegex(seen.out, r"\(const volatile int \*\) where = (0x0+|nullptr|NULL)")
        self.assertRegex(seen.out, r"paging +yes")

    def test_tables_as_json(self):
        dump, _ = self.panic("fault", "read")
        script, gate = os.path.join(self.folder, "script"), os.path.join(self.folder, "gate")
        os.mkfifo(gate)
        with open(script, "w") as stream:
            stream.write(f"shell cat {gate}\n")
        process = self.start("debug", DEBUGGEE, "--dump", dump, "--batch", script, "--json")
        tables = debugger.Tables(self, self.event(process, "listening")["tables"])
        self.assertEqual(["0", "1", "2", "3"], [row["core"] for row in tables.ask("cores")["rows"]])
        self.assertIn("main", {row["name"] for row in tables.ask("threads")["rows"]})
        self.assertIn("name of a table", tables.ask("none")["error"])
        open(gate, "w").close()
        self.assertEqual(0, process.wait(timeout=60))

    def test_a_panic_by_call_stands_in_it(self):
        dump, _ = self.panic("fault", "abort")
        seen = self.look(dump, "bt\n")
        self.assertRegex(seen.out, r"(?m)^#\d+ .*toro::panic_text")
        self.assertRegex(seen.out, r"(?m)^Program .*|SIGABRT|#0 ")

    def test_nothing_of_it_can_be_changed_or_run(self):
        dump, _ = self.panic("fault", "read")
        for command, sentence in (("set var beats = 1", "Cannot access memory"), ("set var $rax = 1", "E01"),
                                  ("stepi", "nothing here runs"), ("continue", "nothing here runs"), ("print *(int*)0", "Cannot access memory"),
                                  ("hbreak main\ncontinue", "a memory dump does not run|Cannot insert hardware")):
            seen = self.look(dump, command + "\nprint $rip\n")
            self.assertRegex(seen.err, sentence, f"{command}: {seen}")

    def test_it_lies_beside_the_image(self):
        image = os.path.join(self.folder, "copy.elf")
        shutil.copy(DEBUGGEE, image)
        result = self.toro("run", image, "--timeout", "60", "--json", "--", "fault", "divide")
        self.assertRegex(result.err, r'(?m)^\{"event":"dump",.*"file":"[^"]*/copy.dump"')
        seen = self.look(os.path.join(self.folder, "copy.dump"), "bt 1\n", image=None)
        self.assertIn("divide_by (divisor=0)", seen.out)
        self.assertEqual({"copy.elf", "copy.dump", "run", "script"}, set(os.listdir(self.folder)))

    def test_a_debugger_of_ones_own_looks_into_it(self):
        dump, _ = self.panic("fault", "read")
        server = self.start("debug", DEBUGGEE, "--dump", dump, "--debugger", "none", "--json")
        there = self.event(server, "listening")
        self.assertEqual(DEBUGGEE, there["elf"])
        words = ["-batch", "-ex", f"target remote {there['host']}:{there['port']}", "-ex", "bt 1"]
        for _ in range(2):
            seen = subprocess.run(["gdb", "-nx", there["elf"], *words], capture_output=True, text=True, timeout=60)
            self.assertIn("read_from (where=0x0)", seen.stdout, seen.stderr)
        self.assertIsNone(server.poll())
        server.terminate()
        server.communicate(timeout=10)
        self.refused(self.toro("debug", "hello", "--debugger", "none"), "--debugger none was expected with --dump", status=2)

    def test_none_where_none_is_wanted_or_nobody_panics(self):
        file = os.path.join(self.folder, "none.dump")
        self.assertEqual(0, self.toro("run", DEBUGGEE, "--dump", file, "--", "walk").status)
        self.assertEqual(134, self.toro("run", DEBUGGEE, "--dump", "none", "--", "fault", "read").status)
        self.assertEqual(["run"], os.listdir(self.folder))

    def test_where_it_cannot_be_written(self):
        result = self.toro("run", DEBUGGEE, "--dump", os.path.join(self.folder, "no/folder"), "--", "fault", "read")
        self.assertEqual(134, result.status, str(result))
        self.assertRegex(result.err, r"the guest's memory was expected to be written to \S+/no/folder and was not")

    def test_what_is_no_dump(self):
        dump, _ = self.panic("fault", "read")
        short = os.path.join(self.folder, "short")
        with open(dump, "rb") as whole, open(short, "wb") as part:
            part.write(whole.read(1_000_000))
        other = os.path.join(self.folder, "other.elf")
        with open(DEBUGGEE, "rb") as image, open(other, "wb") as changed:
            text = bytearray(image.read())
            text[0x10000:0x18000] = b"\x90" * 0x8000
            changed.write(text)
        for file, image, sentence in (
                ("/nowhere", DEBUGGEE, "'/nowhere' cannot be read"),
                (DEBUGGEE, DEBUGGEE, "a memory dump of an x86-64 guest was expected"),
                (short, DEBUGGEE, "ends within its memory"),
                (dump, other, "differs from the dump's"),
                (dump, short, "is no image|was expected")):
            seen = self.look(file, "bt\n", image=image)
            self.assertNotEqual(0, seen.status, str(seen))
            self.assertRegex(seen.err, sentence)


if __name__ == "__main__":
    harness.main()
