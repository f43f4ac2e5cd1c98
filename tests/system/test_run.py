"""toro run: the guest's console, its exit status, and its end."""

import os
import signal
import subprocess
import time
import unittest

import harness
from harness import PROBE, SDK


class Hello(harness.Case):
    def test_hello_prints_its_line(self):
        result = self.toro("run", "hello", "--timeout", "60", limit=600)
        self.assertIn("Hello from Toro", result.out)
        self.assertEqual(0, result.status, str(result))

    def test_a_sample_is_found_from_its_own_folder(self):
        result = self.toro("run", "--timeout", "60", cwd=os.path.join(SDK, "samples/hello"), limit=600)
        self.assertIn("Hello from Toro", result.out)

    def test_an_image_runs_without_being_built(self):
        elf = self.toro("build", "hello", limit=600).out.strip()
        result = self.toro("run", elf, "--timeout", "60")
        self.assertIn("Hello from Toro", result.out)
        self.assertEqual("", result.err)

    def test_an_image_boots_on_the_board_that_it_was_built_for(self):
        kept = os.path.join(self.folder, "kept.elf")
        for board, config, other in (("kvm-pc", "debug", "qemu-microvm"), ("qemu-microvm", "release", "kvm-pc")):
            with self.subTest(board=board):
                elf = self.toro("build", "hello", "--board", board, "--config", config, limit=900).out.strip()
                subprocess.check_call(["llvm-strip-22", elf, "-o", kept])
                self.assertIn("Hello from Toro", self.toro("run", kept, "--timeout", "60").out)
                self.assertEqual(0, self.toro("run", kept, "--board", board, "--config", config, "--timeout", "60").status)
                for command in ("run", "debug"):
                    self.refused(self.toro(command, kept, "--board", other), f"--board {board} was expected", f"{other} was found")
        self.refused(self.toro("run", kept, "--config", "debug"), "--config release was expected", "debug was found")

    def test_the_printed_command_runs_in_a_shell(self):
        line = self.toro("run", "hello", "--print-command").out
        shell = self.start("-c", line, program="/bin/sh")
        out, _ = shell.communicate(timeout=60)
        self.assertIn(b"Hello from Toro", out)

    def test_debug_images_stay_where_their_file_has_them(self):
        for words, stays in ((), True), (("--aslr", "on"), False), (("--config", "release"), False):
            with self.subTest(words=words):
                line = self.toro("run", "hello", *words, "--print-command").out
                self.assertEqual(stays, "toro.aslr=off" in line, line)


class Status(harness.Case):
    def test_the_guests_status_is_ours(self):
        for status in ("0", "7", "255"):
            with self.subTest(status=status):
                result = self.probe("run", "exit", status)
                self.assertEqual(int(status), result.status, str(result))

    def test_a_thread_of_any_core_may_end_the_guest(self):
        for cores in ("1", "2", "8"):
            with self.subTest(cores=cores):
                result = self.probe("run", "exit-elsewhere", options=("--cores", cores))
                self.assertEqual(7, result.status, str(result))
                self.assertIn("last words", result.out)

    def test_arguments_arrive_as_they_were_given(self):
        words = ["a", "two words", 'quo"te', "back\\slash", "--", "toro.wait", "", "virtio_mmio.device=x"]
        result = self.probe("run", "arguments", *words)
        self.assertEqual(["<arguments>"] + [f"<{word}>" for word in words], result.out.splitlines()[1:], str(result))

    def test_a_panic_is_134_and_its_backtrace_has_symbols(self):
        result = self.probe("run", "fault")
        self.assertEqual(134, result.status, str(result))
        self.assertIn("touch_unmapped_page", result.out)
        self.assertIn("main.cpp:", result.out)

    def test_a_panic_that_nobody_reads_ends_all_the_same(self):
        line = self.toro("run", PROBE, "--print-command", "--", "fault-unheard").out
        line = line.replace("RUN=$(mktemp -d)", f"RUN={self.folder}")
        shell = self.start("-c", line, program="/bin/sh")
        shell.wait(timeout=harness.GUEST_READY)  # its pipe is never emptied
        with open(os.path.join(self.folder, "exit"), "rb") as stream:
            self.assertEqual(134, stream.read()[-1])

    def test_a_missing_system_call_is_named_once(self):
        result = self.probe("run", "call-nothing")
        self.assertEqual(0, result.status, str(result))
        self.assertEqual(1, result.out.count("system call 499 is not there: ENOSYS"), str(result))

    def test_the_guests_seconds_are_the_hosts(self):
        guest = self.start("run", PROBE, "--timeout", "60", "--", "tick")
        self.console_until(guest, "\ntick\n")
        begin = time.monotonic()
        self.console_until(guest, "tock\n")
        elapsed = time.monotonic() - begin
        self.assertGreater(elapsed, 1.9)
        self.assertLess(elapsed, 3)  # the host may be busy

    def test_a_reset_is_no_status(self):
        result = self.probe("run", "reset")
        self.assertEqual(125, result.status)
        self.assertIn("reset itself", result.err)


class End(harness.Case):
    def test_timeout_is_124(self):
        begin = time.monotonic()
        result = self.toro("run", PROBE, "--timeout", "2", "--", "spin")
        self.assertEqual(124, result.status, str(result))
        self.assertIn("--timeout", result.err)
        self.assertLess(time.monotonic() - begin, 20)
        self.assertEqual({}, self.survivors(wait=1))

    def spinning(self):
        process = self.start("run", PROBE, "--", "spin")
        self.console_until(process, "probe: spin")
        return process

    def test_signals_end_the_guest(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number):
                process = self.spinning()
                process.send_signal(number)
                self.assertEqual(128 + number, process.wait(timeout=10))
                self.assertEqual({}, self.survivors(wait=1))

    def test_a_console_that_nobody_reads_ends_the_guest(self):
        process = self.start("run", PROBE, "--", "echo", stdin=subprocess.PIPE)
        self.console_until(process, "probe: echo")
        process.stdout.close()
        process.stdin.write(b"x\n")
        process.stdin.flush()
        self.assertEqual(141, process.wait(timeout=30))


class Killed(harness.Case):
    def expected_folders(self, folders):
        return []

    def test_qemu_dies_with_a_killed_tool(self):
        process = self.start("run", PROBE, "--", "spin")
        self.console_until(process, "probe: spin")
        self.assertTrue(any("qemu" in line for line in self.survivors().values()))
        process.kill()
        process.wait()
        self.assertEqual({}, self.survivors(wait=2))


class Keyboard(harness.Case):
    def test_what_is_typed_reaches_the_guest(self):
        result = self.probe("run", "echo", input="one\ntwo\x01\nend\n")
        self.assertEqual(0, result.status, str(result))
        self.assertIn("[one\n[two\x01\n[end\n", result.out)

    def test_what_is_typed_reaches_a_thread_of_any_core(self):
        result = self.probe("run", "echo-elsewhere", options=("--cores", "2"), input="one\ntwo\nend\n")
        self.assertEqual(0, result.status, str(result))
        self.assertIn("[one\n[two\n[end\n", result.out)


if __name__ == "__main__":
    harness.main()
