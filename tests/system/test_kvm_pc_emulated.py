"""The board kvm-pc-emulated: the devices of old PCs, on both of QEMU's PCs, and not a word of QEMU about what the guest
did."""

import json
import os
import re
import socket
import subprocess
import time

import harness
from harness import SDK

BOARD = "kvm-pc-emulated"
BUILD = os.path.join(SDK, "build", BOARD + "-debug")
IMAGE = os.path.join(BUILD, "tests/guest/pc/pc-devices.elf")
KEYBOARD = os.path.join(BUILD, "samples/keyboard/keyboard.elf")
HELLO = os.path.join(BUILD, "samples/hello/hello.elf")
BOARD_MACHINE = "-M pc,smm=off,vmport=off,usb=off"
PC_WITHOUT_TABLES = "pc,acpi=off"  # no MADT: the 8259s
SECTOR = 512

SCRIPT = """\
break main
continue
info threads
detach
"""


def setUpModule():
    harness.build_targets(BOARD, "pc-devices", "keyboard", "hello")


class Monitor:
    """QEMU's monitor, by QMP."""

    def __init__(self, path):
        end = time.monotonic() + harness.GUEST_READY
        self.socket = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        self.stream = self.socket.makefile("rw")
        self.stream.readline()
        self.ask("qmp_capabilities")

    def send(self, command, **arguments):
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.stream.flush()

    def ask(self, command, **arguments):
        self.send(command, **arguments)
        while True:
            answer = json.loads(self.stream.readline())
            if "event" not in answer:
                return answer

    def human(self, line):
        return self.ask("human-monitor-command", **{"command-line": line})["return"]

    def close(self):
        self.stream.close()
        self.socket.close()


class Machines(harness.Case):
    def start_guest(self, image, *words, machine="pc", cores=1, more="", options=""):
        """The running guest, its run's folder is self.run_folder."""
        self.run_folder = os.path.join(self.folder, f"run-{len(self.started)}")
        os.mkdir(self.run_folder)
        line = self.toro("run", image, "--board", BOARD, "--cores", str(cores), "--print-command", "--", *words).out
        self.assertIn(BOARD_MACHINE, line)
        line = line.replace(BOARD_MACHINE, f"-M {machine}").replace("RUN=$(mktemp -d)", f"RUN={self.run_folder}").strip()
        if options:
            line = line.replace("-append '", f"-append '{options} ")
        self.log = os.path.join(self.run_folder, "guest_errors")
        return self.start("-c", f"{line} {more} -d guest_errors -D {self.log}", program="/bin/sh", stdin=subprocess.PIPE)

    def monitor(self):
        monitor = Monitor(os.path.join(self.run_folder, "qmp.sock"))
        self.addCleanup(monitor.close)
        return monitor

    def end(self, guest, text="", limit=120):
        """What the guest said, and its status; QEMU complained of nothing."""
        out, err = guest.communicate(input=text.encode(), timeout=limit)
        said = out.decode(errors="replace") + err.decode(errors="replace")
        with open(self.log) as stream:
            self.assertEqual("", stream.read(), said)
        with open(os.path.join(self.run_folder, "exit"), "rb") as stream:
            return said, stream.read()[-1:]


class Console(Machines):
    def test_hello_on_each_machine(self):
        for machine in ("pc", "q35", PC_WITHOUT_TABLES):
            for cores in (1, 2):
                with self.subTest(machine=machine, cores=cores):
                    said, status = self.end(self.start_guest(HELLO, machine=machine, cores=cores))
                    self.assertIn("Hello from Toro: core 0 of board " + BOARD, said)
                    self.assertEqual(b"\0", status, said)

    def test_input_interrupts(self):
        for machine in ("pc", "q35", PC_WITHOUT_TABLES):
            with self.subTest(machine=machine):
                many = "".join(f"line {i} of input that is longer than any FIFO\n" for i in range(300))
                said, status = self.end(self.start_guest(IMAGE, "echo", machine=machine), many + "end\n")
                self.assertEqual(b"\0", status, said)
                for i in range(300):
                    self.assertIn(f"[line {i} of input that", said)

    def test_an_interrupt_that_no_driver_knows_is_turned_off_on_any_core(self):
        for machine, cores in (("pc", 1), ("pc", 2), (PC_WITHOUT_TABLES, 1)):
            with self.subTest(machine=machine, cores=cores):
                said, status = self.end(self.start_guest(IMAGE, "interrupt-for-nobody", machine=machine, cores=cores))
                self.assertRegex(said, r"toro: interrupt \d+ came 1000 times and no driver knew of it: it is off")
                self.assertRegex(said, r"\n100[01] interrupts\n")  # the local APIC may have had the next one already
                self.assertEqual(b"\0", status, said)

    def screen(self, monitor):
        """The 25 rows that are seen, read from display memory."""
        crtc = {}
        for index in (0x0c, 0x0d):
            monitor.human(f"o /b 0x3d4 {index}")
            crtc[index] = int(monitor.human("i /b 0x3d5").split("=")[1].strip(), 16)
        begin = 0xb8000 + 2 * (crtc[0x0c] << 8 | crtc[0x0d])
        memory = os.path.join(self.run_folder, "screen")
        monitor.human(f'pmemsave {begin} 4000 "{memory}"')
        with open(memory, "rb") as stream:
            text = stream.read()[::2].decode("ascii")
        return [text[at:at + 80].rstrip() for at in range(0, 2000, 80)]

    def test_the_screen_shows_what_the_console_says(self):
        for lines in (10, 300):
            guest = self.start_guest(IMAGE, "lines", str(lines))
            self.console_until(guest, "waiting\n")
            monitor = self.monitor()
            shown = self.screen(monitor)
            monitor.ask("quit")
            guest.communicate(timeout=60)
            wanted = [f"line {i} of the text that scrolls" for i in range(lines)] + ["waiting"] + [""] * 25
            self.assertEqual(wanted[:25] if lines < 25 else wanted[lines - 23:][:25], shown)

    def test_without_a_screen(self):
        line = self.toro("run", HELLO, "--board", BOARD, "--print-command").out.strip().replace("-device VGA", "")
        shell = self.start("-c", line, program="/bin/sh")
        out, _ = shell.communicate(timeout=60)
        self.assertIn(b"Hello from Toro", out)


class Keyboard(Machines):
    def test_keys_are_characters(self):
        for machine in ("pc", "q35", PC_WITHOUT_TABLES):
            with self.subTest(machine=machine):
                guest = self.start_guest(KEYBOARD, "60", machine=machine)
                self.console_until(guest, "without a key.\n")
                monitor = self.monitor()
                for key in ("shift-h", "i", "spc", "shift-1", "left", "ctrl-a", "ret"):
                    monitor.human(f"sendkey {key} 20")
                    time.sleep(0.1)  # QEMU holds the keys for so long, and forgets what comes meanwhile
                monitor.send("human-monitor-command", **{"command-line": "sendkey esc 20"})  # the guest ends by it
                said, status = self.end(guest)
                self.assertIn("<e1>Hi <e1>!<50><e0>\x01\n", said)
                self.assertEqual(b"\0", status, said)


class Clock(Machines):
    def test_the_guests_seconds_are_the_hosts(self):
        for machine in ("pc", "pc,hpet=off", "q35", PC_WITHOUT_TABLES):
            with self.subTest(machine=machine):
                guest = self.start_guest(IMAGE, "tick", "3", machine=machine)
                shown = int(re.search(r"tick (\d+)\n", self.console_until(guest, "\n"))[1])
                self.assertLess(abs(shown - time.time()), 3)
                begin = time.monotonic()
                self.console_until(guest, "tock\n")
                elapsed = time.monotonic() - begin
                self.assertGreater(elapsed, 2.9)
                self.assertLess(elapsed, 4)  # the host may be busy
                self.end(guest)


class Power(Machines):
    def test_the_power_button_calls_the_applications_function(self):
        for machine in ("pc", "q35"):
            for words, wanted in (("power-button", b"\x07"), ("deaf", b"\x8f")):
                with self.subTest(machine=machine, words=words):
                    guest = self.start_guest(IMAGE, words, machine=machine)
                    self.console_until(guest, "waiting\n")
                    self.monitor().ask("system_powerdown")
                    said, status = self.end(guest)
                    self.assertEqual(wanted, status, said)
                    self.assertEqual(words == "power-button", "asked to end" in said)

    def test_the_power_goes_off_by_acpi(self):
        line = self.toro("run", HELLO, "--board", BOARD, "--print-command").out.strip()
        for port in ("-device isa-debugcon,iobase=0xe9,chardev=exit", "-device isa-debug-exit,iobase=0xf4,iosize=1"):
            self.assertIn(port, line)
            line = line.replace(port, "")
        for machine in ("pc", "q35"):
            shell = self.start("-c", line.replace(BOARD_MACHINE, f"-M {machine}"), program="/bin/sh")
            shell.communicate(timeout=60)
            self.assertEqual(0, shell.returncode)  # QEMU ends by itself


def pattern(first, sectors, disk):
    """As tests/guest/pc/main.cpp makes it."""
    return bytes(((first + i // SECTOR) * 31 + i % SECTOR * 7 + disk) & 0xff for i in range(sectors * SECTOR))


class Disks(Machines):
    SECTORS = 4096

    def disks(self, count, machine="pc"):
        """Images, and the arguments that make them the drives of a PIIX3 from the first on."""
        paths = [os.path.join(self.folder, f"disk{i}-{time.monotonic_ns()}") for i in range(count)]
        for path in paths:
            with open(path, "wb") as stream:
                stream.truncate(self.SECTORS * SECTOR)
        if machine != "q35":
            return paths, " ".join(f"-drive file={path},format=raw,if=ide,index={i}" for i, path in enumerate(paths))
        drives = (f"-drive file={path},format=raw,if=none,id=d{i} -device ide-hd,bus=old.{i // 2},unit={i % 2},drive=d{i}"
                  for i, path in enumerate(paths))
        return paths, "-device piix3-ide,id=old " + " ".join(drives)

    def check(self, path, number):
        with open(path, "rb") as stream:
            found = stream.read()
        for first, sectors in ((0, 1), (3, 300), (500, 64), (self.SECTORS - 2, 2)):
            self.assertEqual(pattern(first, sectors, number), found[first * SECTOR:(first + sectors) * SECTOR],
                             f"disk {number}, sector {first}")

    def test_what_the_guest_writes_the_host_reads(self):
        for machine in ("pc", "q35", PC_WITHOUT_TABLES):
            for options in ("", "toro.ide=pio"):
                for cores in (1, 2):
                    with self.subTest(machine=machine, options=options, cores=cores):
                        paths, more = self.disks(4, machine)
                        guest = self.start_guest(IMAGE, "disks", machine=machine, cores=cores, more=more, options=options)
                        said, status = self.end(guest)
                        self.assertIn("4 disks are good", said)
                        self.assertIn("ide 3: QEMU HARDDISK", said)
                        self.assertEqual(b"\0", status, said)
                        for number, path in enumerate(paths):
                            self.check(path, number)

    def test_one_drive_and_a_cdrom(self):
        paths, more = self.disks(1)
        guest = self.start_guest(IMAGE, "disks", more=more + " -drive if=ide,index=2,media=cdrom")
        said, status = self.end(guest)
        self.assertIn("1 disks are good", said)
        self.assertIn("which has no driver", said)
        self.assertEqual(b"\0", status, said)
        self.check(paths[0], 0)

    def test_an_error_says_what_was_asked(self):
        paths, _ = self.disks(1)
        rules = self.file("rules", '[inject-error]\nevent = "read_aio"\nerrno = "5"\nsector = "64"\n')
        for options in ("", "toro.ide=pio"):
            with self.subTest(options=options):
                more = f"-drive file=blkdebug:{rules}:{paths[0]},format=raw,if=ide,index=0,rerror=report"
                said, status = self.end(self.start_guest(IMAGE, "bad-sector", "64", more=more, options=options))
                self.assertIn("the error was told", said)
                self.assertEqual(b"\0", status, said)


class Command(harness.Case):
    def test_gdb_stands_on_main(self):
        script = self.file("script", SCRIPT)
        console = self.file("console", "")
        for cores in ("1", "2"):
            result = self.toro("debug", HELLO, "--board", BOARD, "--cores", cores, "--batch", script, "--timeout", "60",
                               "--console", console, limit=600)
            self.assertEqual(0, result.status, str(result))
            self.assertRegex(result.out, r'Breakpoint 1, main \(')
            with open(console) as said:
                self.assertIn("Hello from Toro: core 0 of board " + BOARD, said.read())


if __name__ == "__main__":
    harness.main()
