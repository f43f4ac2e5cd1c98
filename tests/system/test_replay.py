"""A recorded run, and the same again: forwards and backwards."""

import os
import re

import harness

FORWARDS = """\
break transfer
continue
print amount
info registers rip rsp rbx
continue
print amount
delete
continue
"""

BACKWARDS = """\
break transfer
continue
continue
print amount
delete
set $here = $rip
reverse-stepi
print (int)($rip == $here)
stepi
print (int)($rip == $here)
print amount
reverse-stepi
reverse-stepi
stepi
stepi
print (int)($rip == $here)
"""

# To a breakpoint before, past one that the way back begins at, and to where there is no further back.
TO_BREAKPOINTS = """\
break transfer
continue
continue
continue
print amount
info threads
thread apply all backtrace
reverse-continue
print amount
reverse-continue
print amount
continue
print amount
delete
watch transfers
reverse-continue
delete
reverse-continue
info os
continue
"""


class Replay(harness.Case):
    def debug(self, script, *options):
        file = os.path.join(self.folder, "script")
        with open(file, "w") as stream:
            stream.write(script)
        return self.toro("debug", "debug-me", "--batch", file, "--timeout", "100", *options, limit=120)

    def test_the_same_run_again_and_backwards(self):
        recording = os.path.join(self.folder, "run.rec")
        first = self.debug(FORWARDS, "--record", recording)
        self.assertIn("3 transfers, 150 in all", first.out, str(first))
        again = self.debug(FORWARDS, "--replay", recording)
        registers = [re.findall(r"(?m)^(?:rip|rsp|rbx) .*$", seen.out) for seen in (first, again)]
        self.assertEqual(3, len(registers[0]))
        self.assertEqual(registers[0], registers[1])
        self.assertIn("3 transfers, 150 in all", again.out, str(again))
        back = self.debug(BACKWARDS, "--replay", recording)
        self.assertEqual(["20", "0", "1", "20", "1"], re.findall(r"(?m)^\$\d+ = (\d+)$", back.out), str(back))

    def test_back_to_breakpoints_with_the_kernels_threads(self):
        recording = os.path.join(self.folder, "run.rec")
        self.debug("continue\n", "--record", recording)
        seen = self.debug(TO_BREAKPOINTS, "--replay", recording)
        self.assertEqual(["30", "20", "10", "20"], re.findall(r"(?m)^\$\d+ = (\d+)$", seen.out), str(seen))
        for line in ("Old value = 1\nNew value = 0$", r"\* 1 .*\"main\" \(on core 0\) +transfer \(",
                     r"#1 .* in main ", "No more reverse-execution history", "threads +"):
            self.assertRegex(seen.out, rf"(?m)^{line}", str(seen))
        # What was shown once is not shown again.
        self.assertEqual(1, seen.out.count("round 1: "), str(seen))
        self.assertIn("3 transfers, 150 in all", seen.out, str(seen))

    def test_what_cannot_be_recorded_or_replayed(self):
        for options, sentence in ((("--record", "x", "--cores", "2"), "one core was expected"),
                                  (("--record", "x", "--disk", "1M"), "without disks, shared folders, vsock and network"),
                                  (("--replay", "/nowhere"), "which is two files"),
                                  (("--record", "/no/where"), "can be written|was expected"),
                                  (("--record", "x", "--replay", "y"), "excludes")):
            seen = self.debug("quit\n", *options)
            self.assertNotEqual(0, seen.status, str(seen))
            self.assertRegex(seen.err, sentence)


if __name__ == "__main__":
    harness.main()
