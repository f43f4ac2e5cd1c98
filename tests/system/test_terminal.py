"""The guest's console on a terminal: keys pass one by one, Ctrl-C ends the run, the terminal is as it was."""

import os
import pty
import select
import termios
import time

import harness
from harness import PROBE


class Terminal(harness.Case):
    def setUp(self):
        super().setUp()
        self.main, self.side = pty.openpty()
        self.before = termios.tcgetattr(self.side)
        self.shown = b""

    def tearDown(self):
        os.close(self.main)
        os.close(self.side)
        super().tearDown()

    def open(self, *words):
        def take_terminal():
            # A session of its own, whose terminal is the pseudoterminal.
            os.setsid()
            os.close(os.open(os.ttyname(self.side), os.O_RDWR))

        return self.start(*words, stdin=self.side, stdout=self.side, stderr=self.side, start_new_session=False,
                          preexec_fn=take_terminal)

    def until(self, text, limit=harness.GUEST_READY):
        end = time.monotonic() + limit
        while text.encode() not in self.shown:
            ready, _, _ = select.select([self.main], [], [], max(0, end - time.monotonic()))
            self.assertTrue(ready, f"{text!r} was expected; shown was: {self.shown.decode(errors='replace')}")
            self.shown += os.read(self.main, 4096)

    def ended(self, process, status):
        end = time.monotonic() + 15
        while process.poll() is None and time.monotonic() < end:
            if select.select([self.main], [], [], 0.05)[0]:
                self.shown += os.read(self.main, 4096)
        self.assertEqual(status, process.poll(), self.shown.decode(errors="replace"))
        self.assertEqual(self.before, termios.tcgetattr(self.side), "the terminal's mode")
        self.assertEqual({}, self.survivors(wait=1))

    def test_keys_and_ctrl_c(self):
        process = self.open("run", PROBE, "--", "echo")
        self.until("probe: echo")
        os.write(self.main, b"key\n")
        self.until("[key")
        os.write(self.main, b"\x03")
        self.ended(process, 130)

    def test_the_terminal_is_as_before_when_the_guest_ends(self):
        process = self.open("run", PROBE, "--", "echo")
        self.until("probe: echo")
        os.write(self.main, b"end\n")
        self.ended(process, 0)

    def test_ctrl_c_at_gdbs_prompt_stops_the_guest(self):
        process = self.open("debug", PROBE, "--", "spin")
        self.until("(gdb) ")
        self.shown = b""
        os.write(self.main, b"continue\n")
        self.until("probe: spin")
        time.sleep(0.5)
        os.write(self.main, b"\x03")
        self.until("SIGINT")
        self.until("(gdb) ")
        self.shown = b""
        os.write(self.main, b"bt 1\n")
        self.until("spin")
        os.write(self.main, b"quit\n")
        self.ended(process, 0)

    def test_ctrl_c_at_lldbs_prompt_stops_the_guest(self):
        process = self.open("debug", PROBE, "--debugger", "lldb", "--", "spin")
        self.until("stop reason = ")
        self.until("frame #0")
        time.sleep(0.5)
        os.write(self.main, b"continue\n")
        self.until("probe: spin")
        time.sleep(0.5)
        self.shown = b""
        os.write(self.main, b"\x03")
        self.until("stop reason = ")
        os.write(self.main, b"quit\n")
        self.ended(process, 0)


if __name__ == "__main__":
    harness.main()
