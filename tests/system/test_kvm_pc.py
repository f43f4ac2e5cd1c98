"""The board kvm-pc: both of QEMU's PCs, one core and two, and not a word of QEMU about what the guest did."""

import os

import harness

GUEST_TESTS = ("guest-cores", "guest-posix")
BOARD_MACHINE = "-M pc,smm=off,vmport=off,usb=off,hpet=off"

SCRIPT = """\
break main
continue
info threads
bt
detach
"""


class Machines(harness.Case):
    def boot(self, target, machine, cores):
        """The console and the guest's status; QEMU complained of nothing."""
        run = os.path.join(self.folder, f"{machine}-{cores}-{os.path.basename(target)}")
        os.mkdir(run)
        line = self.toro("run", target, "--board", "kvm-pc", "--cores", str(cores), "--print-command").out
        self.assertIn(BOARD_MACHINE, line)
        self.assertIn("RUN=$(mktemp -d)", line)
        line = line.replace(BOARD_MACHINE, f"-M {machine}").replace("RUN=$(mktemp -d)", f"RUN={run}").strip()
        log = os.path.join(run, "guest_errors")
        shell = self.start("-c", f"{line} -d guest_errors -D {log}", program="/bin/sh")
        out, err = shell.communicate(timeout=120)
        said = out.decode(errors="replace") + err.decode(errors="replace")
        with open(log) as stream:
            self.assertEqual("", stream.read(), said)
        with open(os.path.join(run, "exit"), "rb") as stream:
            return said, stream.read()[-1:]

    def on_each(self, target, wanted):
        for machine in ("pc", "q35"):
            for cores in (1, 2):
                with self.subTest(target=target, machine=machine, cores=cores):
                    said, status = self.boot(target, machine, cores)
                    self.assertIn(wanted, said)
                    self.assertEqual(b"\0", status, said)

    def test_hello(self):
        self.toro("build", "hello", "--board", "kvm-pc", limit=600)
        self.on_each("hello", "Hello from Toro: core 0 of board kvm-pc")

    def test_guest_tests(self):
        folder = harness.build_targets("kvm-pc", *GUEST_TESTS)
        for name in GUEST_TESTS:
            self.on_each(os.path.join(folder, "tests/guest", name.removeprefix("guest-"), name + ".elf"), "Status: ")

    def test_a_console_that_takes_nothing_does_not_hold_up_a_panic(self):
        image = os.path.join(harness.build_targets("kvm-pc", "pc-devices"), "tests/guest/pc/pc-devices.elf")
        result = self.toro("run", image, "--", "panic-unheard")
        self.assertEqual(134, result.status, str(result))
        self.assertNotIn("the console is deaf", result.out)
        self.assertIn("PANIC: page fault writing 0x0", result.out)

    def test_the_power_goes_off_by_acpi(self):
        self.toro("build", "hello", "--board", "kvm-pc", limit=600)
        line = self.toro("run", "hello", "--board", "kvm-pc", "--print-command").out.strip()
        line = line.replace("-device isa-debug-exit,iobase=0xf4,iosize=1", "")
        self.assertNotIn("isa-debug-exit", line)
        for machine in ("pc", "q35"):
            shell = self.start("-c", line.replace(BOARD_MACHINE, f"-M {machine}"), program="/bin/sh")
            shell.communicate(timeout=60)
            self.assertEqual(0, shell.returncode)  # QEMU ends by itself


class Command(harness.Case):
    def test_a_name_with_the_device_set_is_the_same_board(self):
        result = self.toro("run", "hello", "--board", "kvm-pc-virtio", "--timeout", "60", limit=600)
        self.assertEqual("Hello from Toro: core 0 of board kvm-pc\n", result.out, str(result))
        self.assertEqual(0, result.status, str(result))

    def test_gdb_stands_on_main(self):
        script = self.file("script", SCRIPT)
        console = self.file("console", "")
        for cores in ("1", "2"):
            result = self.toro("debug", "hello", "--board", "kvm-pc", "--cores", cores, "--batch", script, "--timeout",
                               "60", "--console", console, limit=600)
            self.assertEqual(0, result.status, str(result))
            self.assertRegex(result.out, r'Breakpoint 1, main \(')
            self.assertRegex(result.out, r'\* \d+ +Thread \d+ "main"')
            with open(console) as said:
                self.assertIn("Hello from Toro: core 0 of board kvm-pc", said.read())


if __name__ == "__main__":
    harness.main()
