"""toro debug: GDB and LLDB, by script and at their prompts."""

import os
import time

import harness
from harness import PROBE

GDB_SCRIPT = """\
info threads
break main
continue
info threads
bt
info registers rip cr3
next
print argc
print $_exitcode
detach
"""

LLDB_SCRIPT = """\
thread list
breakpoint set --name main
continue
thread list
bt
register read rip cr3
next
expression argc
detach
"""


class Batch(harness.Case):
    def test_gdb_runs_a_script_from_before_main(self):
        script = self.file("script", GDB_SCRIPT)
        result = self.toro("debug", PROBE, "--batch", script, "--timeout", "60", "--", "exit", "3")
        self.assertEqual(0, result.status, str(result))
        self.assertRegex(result.out, r'Breakpoint 1, main \(argc=3, argv=')
        self.assertRegex(result.out, r'\* \d +Thread 1 "main"')
        self.assertRegex(result.out, r"#0 +main \(argc=3")
        self.assertRegex(result.out, r"rip +0x[0-9a-f]+ +0x[0-9a-f]+ <main")
        self.assertRegex(result.out, r"cr3 +0x[0-9a-f]+ +\[ PDBR=")
        self.assertIn("$1 = 3", result.out)
        self.assertIn("detached]", result.out)
        # Once let go, the guest went on to its end.
        self.assertIn("probe: exit", result.out)

    def test_lldb_runs_a_script_from_before_main(self):
        script = self.file("script", LLDB_SCRIPT)
        result = self.toro("debug", PROBE, "--debugger", "lldb", "--batch", script, "--timeout", "60", "--", "exit", "3")
        self.assertEqual(0, result.status, str(result))
        self.assertRegex(result.out, r"stop reason = breakpoint 1\.1")
        self.assertRegex(result.out, r"frame #0: 0x[0-9a-f]+ probe\.elf`main\(argc=3")
        self.assertRegex(result.out, r"name = 'main'")
        self.assertRegex(result.out, r"cr3 = 0x[0-9a-f]+")
        self.assertRegex(result.out, r"\(int\) (\$0 = )?3")
        self.assertIn("Process 1 detached", result.out)

    def test_the_kernel_itself_by_qemus_stub(self):
        script = self.file("script", "break toro_pvh_start\ncontinue\ninfo registers rip\n")
        result = self.toro("debug", PROBE, "--stub", "qemu", "--batch", script, "--timeout", "60")
        self.assertEqual(0, result.status, str(result))
        self.assertIn("<toro_pvh_start>", result.out)

    def test_the_console_may_go_to_a_file(self):
        script = self.file("script", "continue\n")
        console = os.path.join(self.folder, "console")
        self.toro("debug", PROBE, "--console", console, "--batch", script, "--timeout", "60", "--", "exit", "0")
        with open(console) as stream:
            self.assertIn("probe: exit", stream.read())

    def test_a_protocol_log_is_kept(self):
        script = self.file("script", "detach\n")
        log = os.path.join(self.folder, "log")
        self.toro("debug", PROBE, "--protocol-log", log, "--batch", script, "--timeout", "60")
        with open(log) as stream:
            text = stream.read()
        self.assertRegex(text, r"\d+\.\d{6} debugger \$qSupported:")
        self.assertRegex(text, r"\d+\.\d{6} stub +\$")


class Prompt(harness.Case):
    def test_gdb_stands_on_main(self):
        begin = time.monotonic()
        result = self.toro("debug", PROBE, "--timeout", "60", input="info symbol $pc\nquit\n")
        print(f"gdb: {time.monotonic() - begin:.2f} s", flush=True)
        self.assertRegex(result.out, r"main( \+ \d+)? in section \.text", str(result))
        self.assertEqual(0, result.status, str(result))

    def test_lldb_stands_on_main(self):
        begin = time.monotonic()
        result = self.toro("debug", PROBE, "--debugger", "lldb", "--timeout", "60", input="frame info\nquit\n")
        print(f"lldb: {time.monotonic() - begin:.2f} s", flush=True)
        self.assertRegex(result.out, r"frame #0: 0x[0-9a-f]+ probe\.elf`main\(", str(result))


class Refused(harness.Case):
    def test_a_release_image_has_no_stub(self):
        elf = self.toro("build", "hello", "--config", "release", limit=600).out.strip()
        self.refused(self.toro("debug", elf), "carries no debugger stub")

    def test_a_script_that_is_not_there(self):
        self.refused(self.toro("debug", PROBE, "--batch", "/nowhere"), "'/nowhere'")

    def test_a_missing_debugger(self):
        path = self.path_without("gdb")
        self.refused(self.toro("debug", PROBE, environment={"PATH": path}), "toro setup --for debug")

    def test_a_debugger_that_does_not_connect(self):
        fake = self.file("bin/gdb", "#!/bin/sh\nexit 0\n", mode=0o755)
        path = os.path.dirname(fake) + ":" + os.environ["PATH"]
        self.refused(self.toro("debug", PROBE, environment={"PATH": path}), "expected to reach the debugger stub")


if __name__ == "__main__":
    harness.main()
