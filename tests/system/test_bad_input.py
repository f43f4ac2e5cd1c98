"""Whatever is wrong: one clear sentence, a status that is not 0, nothing left running."""

import os
import socket
import time

import harness
from harness import PROBE


class Words(harness.Case):
    def test_an_unknown_sample(self):
        self.refused(self.toro("run", "helo"), "unknown sample or folder 'helo'", "did you mean hello?", status=125)

    def test_an_unknown_board(self):
        self.refused(self.toro("run", "hello", "--board", "qemu-micro"), "unknown board 'qemu-micro'", "qemu-microvm")

    def test_an_unknown_configuration(self):
        self.refused(self.toro("build", "hello", "--config", "fast"), "'fast'", "debug, release", status=2)

    def test_an_unknown_option(self):
        self.refused(self.toro("run", "hello", "--bord", "x"), "unknown option '--bord'", "did you mean --board?")

    def test_an_unknown_command(self):
        self.refused(self.toro("rnu"), "unknown command 'rnu'", status=2)

    def test_no_command(self):
        self.refused(self.toro(), "a command was expected", status=2)

    def test_options_with_bad_values(self):
        for words in (["--memory", "lots"], ["--memory", "1M"], ["--cores", "0"], ["--cores", "77"], ["--listen", "99999"],
                      ["--listen", "x"], ["--timeout", "0"], ["--timeout", "soon"], ["--accel", "hvf"], ["--stub", "x"]):
            with self.subTest(words=words):
                self.refused(self.toro("run", "hello", *words), words[0], status=125)

    def test_a_port_that_leads_to_two_places(self):
        self.refused(self.toro("run", "hello", "--forward", "7001:1", "--forward", "7001:2"), "once for port 7001", status=125)

    def test_words_for_a_guest_that_is_none(self):
        self.refused(self.toro("boards", "--", "x"), "only run, debug and image", status=2)

    def test_a_folder_without_a_project(self):
        self.refused(self.toro("build", self.folder), "CMakeLists.txt")

    def test_a_file_that_is_no_image(self):
        self.refused(self.toro("run", os.path.join(harness.SDK, "README.md")), "ELF image", "README.md", status=125)

    def test_an_unknown_label(self):
        self.refused(self.toro("test", "--label", "x"), "unknown label 'x'", "unit", status=2)

    def test_an_unknown_test(self):
        self.refused(self.toro("test", "--label", "style", "nothing"), "unknown test 'nothing'", "toro test --list", status=2)
        begin = time.monotonic()
        self.refused(self.toro("test", "nothing"), "unknown test 'nothing'", status=2)
        self.assertLess(time.monotonic() - begin, 10, "boards are configured for tests of theirs only")

    def test_errors_are_events_where_events_are_asked_for(self):
        result = self.toro("run", "helo", "--json")
        self.assertEqual(125, result.status)
        self.assertTrue(result.err.startswith('{"event":"error","message":"unknown sample'), result.err)


class Machine(harness.Case):
    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            for words in ("--listen", str(port)), ("--forward", f"{port}:80"):
                with self.subTest(words=words):
                    self.refused(self.toro("run", PROBE, *words), f"127.0.0.1:{port}", "in use", status=125)

    def test_a_datagram_port_in_use(self):
        with socket.socket(type=socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            self.refused(self.toro("run", PROBE, "--forward", f"udp:{port}:7"), f"127.0.0.1:{port}", "in use", status=125)

    def test_a_missing_emulator(self):
        path = self.path_without("qemu-system-x86_64")
        result = self.toro("run", PROBE, environment={"PATH": path})
        self.refused(result, "toro setup --for run", status=125)
        self.assertIn("qemu-system-x86", result.err)

    def test_a_missing_compiler_and_a_system_without_apt(self):
        path = self.path_without("cmake", "apt-get")
        result = self.toro("build", "hello", environment={"PATH": path, "TORO_NO_INSTALL": ""})
        self.refused(result, "toro setup --for build")
        self.assertIn("no apt-get", result.err)
        self.assertIn("cmake", result.err)

    def fake_emulator(self, script):
        fake = self.file("bin/qemu-system-x86_64", "#!/bin/sh\n" + script, mode=0o755)
        return {"PATH": os.path.dirname(fake) + ":" + os.environ["PATH"]}

    def test_an_emulator_that_ends_at_once(self):
        environment = self.fake_emulator("echo 'qemu: no such machine' >&2\nexit 1\n")
        for command in ("run", "debug"):
            with self.subTest(command=command):
                result = self.toro(command, PROBE, environment=environment)
                self.refused(result, "QEMU was expected to run the guest", "qemu: no such machine", status=125)

    def test_an_emulator_that_crashes(self):
        self.refused(self.toro("run", PROBE, environment=self.fake_emulator("kill -SEGV $$\n")), "signal 11", status=125)

    def test_an_emulator_that_does_not_start(self):
        fake = self.file("bin/qemu-system-x86_64", "#!/nowhere\n", mode=0o755)
        environment = {"PATH": os.path.dirname(fake) + ":" + self.path_without("qemu-system-x86_64")}
        self.refused(self.toro("run", PROBE, environment=environment), "could not be started", status=125)

    def test_an_image_that_is_none(self):
        image = self.file("image.elf", "\x7fELF and nothing else")
        self.refused(self.toro("run", image), "QEMU was expected to run the guest", status=125)


class Project(harness.Case):
    def project(self, text, name="broken"):
        self.file(f"{name}/CMakeLists.txt", text)
        return os.path.join(self.folder, name)

    def test_a_broken_cmakelists(self):
        result = self.toro("run", self.project("cmake_minimum_required(VERSION 3.25)\nproject(x\n"))
        self.refused(result, "configuring failed", status=125)
        self.assertIn("CMakeLists.txt", result.err)

    def test_configuring_starts_over_after_it_failed(self):
        folder = self.project("cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES C CXX)\nmessage(FATAL_ERROR no)\n")
        self.refused(self.toro("build", folder), "configuring failed")
        self.project("cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES C CXX)\n")
        self.refused(self.toro("build", folder), "toro_add_application")

    def test_a_folder_that_cannot_be_written(self):
        folder = self.project("cmake_minimum_required(VERSION 3.25)\nproject(x)\n")
        self.file("broken/build", "a file where a folder should be")
        self.refused(self.toro("build", folder), "expected to be writable")


if __name__ == "__main__":
    harness.main()
