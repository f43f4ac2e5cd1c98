"""The kernel's types as `toro debug` has both debuggers show them, and the standard library's."""

import os

import harness
from debugger import DEBUGGEE

GDB_SCRIPT = """\
print *'toro::arch::contexts'.here_.running
print 'toro::arch::contexts'.here_
print 'toro::process::schedulers'.here_.idle_thread_
print 'toro::boot::threads_stage'
print *('toro::memory::Heap'*)&'toro::memory::heaps'.here_
print 'toro::arch::toro_core_entries'[0]
break inspect
continue
print text
print numbers
print ages
"""

LLDB_SCRIPT = """\
target variable toro::boot::threads_stage
target variable toro_core_entries[0]
breakpoint set --name inspect
continue
frame variable numbers text ages
expression *toro::arch::contexts.here_.running
"""


class Printers(harness.Case):
    def debug(self, script, *options):
        file = os.path.join(self.folder, "script")
        with open(file, "w") as stream:
            stream.write(script)
        result = self.toro("debug", DEBUGGEE, "--batch", file, "--timeout", "60", *options, "--", "values")
        self.assertEqual(0, result.status, str(result))
        return result

    def test_gdb(self):
        seen = self.debug(GDB_SCRIPT)
        self.assertRegex(seen.out, r'\$1 = thread 1 "main" on core 0, running')
        self.assertRegex(seen.out, r"\$2 = runs 0x\w+, first 0x\w+")
        self.assertRegex(seen.out, r'\$3 = thread \d+ "idle/0" on core 0')
        self.assertRegex(seen.out, r"\$4 = done in \d+ ticks")
        self.assertRegex(seen.out, r"\$5 = \d+ bytes in use or kept, \d+ blocks, \d+ bytes of regions")
        self.assertRegex(seen.out, r"\$6 = APIC id 0, copies at 0x0")
        self.assertRegex(seen.out, r'\$7 = (\(.*\) @0x\w+: )?"some text"')
        self.assertRegex(seen.out, r"\$8 = .*std::vector of 3 = \{11, 22, 33\}")
        self.assertRegex(seen.out, r"\$9 = .*std::map of 2")

    def test_lldb(self):
        seen = self.debug(LLDB_SCRIPT, "--debugger", "lldb")
        self.assertRegex(seen.out, r"threads_stage = done in \d+ ticks")
        self.assertRegex(seen.out, r"APIC id 0, copies at 0x0")
        self.assertRegex(seen.out, r'thread 1 "main" on core 0, running')
        self.assertRegex(seen.out, r'text = .*"some text"')
        self.assertIn("size=3", seen.out)


if __name__ == "__main__":
    harness.main()
