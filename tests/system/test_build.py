"""toro build, and the commands that only answer."""

import json
import os
import time

import harness
from harness import PROBE, SDK


class Build(harness.Case):
    def test_nothing_to_do_takes_less_than_a_second(self):
        self.toro("build", "hello", limit=600)
        times = []
        for _ in range(5):
            begin = time.monotonic()
            self.assertEqual(0, self.toro("build", "hello").status)
            times.append(time.monotonic() - begin)
        print(f"build with nothing to do: {min(times):.3f} s", flush=True)
        self.assertLess(min(times), 1)

    def test_json_names_the_image(self):
        answer = json.loads(self.toro("build", PROBE, "--json").out)
        self.assertTrue(os.path.exists(answer["elf"]))
        self.assertEqual(("probe", "qemu-microvm", "debug"), (answer["name"], answer["board"], answer["config"]))

    def test_two_builds_of_one_folder_wait_for_each_other(self):
        builds = [self.start("build", PROBE) for _ in range(4)]
        for build in builds:
            build.communicate(timeout=600)
            self.assertEqual(0, build.returncode)


class Answers(harness.Case):
    def test_boards(self):
        boards = {board["name"]: board for board in json.loads(self.toro("boards", "--json").out)}
        self.assertEqual({"debug": "qemu-microvm-debug", "release": "qemu-microvm-release"},
                         boards["qemu-microvm"]["presets"])
        self.assertIn("qemu-microvm", self.toro("boards").out)

    def test_samples(self):
        samples = {sample["name"]: sample for sample in json.loads(self.toro("samples", "--json").out)}
        self.assertEqual(os.path.join(SDK, "samples/hello"), samples["hello"]["directory"])
        self.assertEqual(0, samples["hello"]["exit_status"])

    def test_doctor(self):
        result = self.toro("doctor", "--json")
        answer = json.loads(result.out)
        self.assertEqual(0, result.status, str(result))
        self.assertTrue(answer["ok"])
        self.assertEqual(os.path.realpath(SDK), answer["sdk"])
        self.assertIn("reason", answer["kvm"])

    def test_doctor_tells_what_is_missing(self):
        result = self.toro("doctor", environment={"PATH": self.path_without("qemu-system-x86_64")})
        self.assertEqual(1, result.status)
        self.assertRegex(result.out, r"-- +run +qemu-system-x86_64 +missing")
        self.assertIn("toro setup --for run", result.out)

    def test_doctor_starts_what_it_finds(self):
        broken = self.file("bin/gdb", "#!/bin/sh\necho 'libfoo.so: cannot open' >&2\nexit 127\n", mode=0o755)
        result = self.toro("doctor", environment={"PATH": os.path.dirname(broken) + ":" + os.environ["PATH"]})
        self.assertRegex(result.out, r"-- +debug +gdb +\S+ --version fails with status 127")

    def test_size(self):
        answer = json.loads(self.toro("size", PROBE, "--json").out)
        self.assertGreater(answer["units"]["libc"]["code"], 1000)
        self.assertGreater(answer["stripped_bytes"], 10000)
        total = sum(unit["code"] for unit in answer["units"].values())
        self.assertEqual(answer["total"]["code"], total)

    def test_tests(self):
        listed = json.loads(self.toro("test", "--list", "--json", "--label", "style").out)
        self.assertIn({"name": "style.include-directions", "label": "style"}, listed)
        result = self.toro("test", "--json", "--label", "style", "style.include-directions")
        self.assertEqual([{"name": "style.include-directions", "verdict": "passed", "reason": ""}], json.loads(result.out))
        self.assertIn("100% tests passed", result.err)

    def test_the_version(self):
        version = self.toro("--version").out.split()
        self.assertEqual("toro", version[0])
        self.assertEqual(version[1], json.loads(self.toro("doctor", "--json").out)["version"])

    def test_every_command_has_help(self):
        for command in ("setup", "doctor", "boards", "samples", "new", "build", "run", "debug", "test", "size", "image"):
            result = self.toro(command, "--help")
            self.assertEqual(0, result.status)
            self.assertIn("Usage", result.out)


class Script(harness.Case):
    """The script `toro` at the root, and the set-up behind it."""

    def test_the_script_adds_little(self):
        script = os.path.join(SDK, "toro")
        self.toro("boards", program=script, limit=600)
        times = []
        for program in (script, harness.TORO):
            best = 1e9
            for _ in range(5):
                begin = time.monotonic()
                self.assertEqual(0, self.toro("boards", program=program).status)
                best = min(best, time.monotonic() - begin)
            times.append(best)
        print(f"the script adds {1000 * (times[0] - times[1]):.0f} ms", flush=True)
        self.assertLess(times[0] - times[1], 0.3)

    def test_setup_has_nothing_to_do(self):
        result = self.toro("setup", "--for", "build", "--for", "run")
        self.assertEqual(0, result.status, str(result))
        self.assertIn("nothing is missing", result.err)

    def test_setup_names_what_it_may_not_install(self):
        result = self.toro("setup", environment={"PATH": self.path_without("gdb")})
        self.assertNotEqual(0, result.status)
        self.assertIn("by hand (names are Debian's): gdb", result.err)

    def test_setup_of_an_unknown_group(self):
        result = self.toro("setup", "--for", "x")
        self.assertEqual(2, result.status)
        self.assertIn("unknown group 'x'", result.err)


if __name__ == "__main__":
    harness.main()
