"""toro image: every format, booted in QEMU through SeaBIOS and OVMF without its -kernel."""

import json
import os
import subprocess

import harness
from harness import SDK

MACHINE = ["qemu-system-x86_64", "-M", "pc,smm=off,vmport=off,usb=off,hpet=off", "-accel", "tcg", "-cpu", "max", "-m",
           "256", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio",
           "-device", "isa-debug-exit,iobase=0xf4,iosize=1"]
OVMF = ["-bios", "/usr/share/ovmf/OVMF.fd"]
LINE = "Hello from Toro: core 0 of board kvm-pc"


class Images(harness.Case):
    def make(self, format, *arguments, target="hello", name=None, board=None):
        path = os.path.join(self.folder, name or "image." + format)
        words = [] if board is None else ["--board", board]
        if arguments:
            words += ["--", *arguments]
        result = self.toro("image", target, "--format", format, "--output", path, *words, limit=900)
        self.assertEqual(0, result.status, str(result))
        self.assertEqual(path + "\n", result.out)
        self.assertEqual([], [name for name in os.listdir(self.folder) if ".part" in name])
        return path

    def boot(self, *words):
        """What the guest printed; it left the status 0 and ended the machine."""
        exit_file = os.path.join(self.folder, "exit")
        log = os.path.join(self.folder, "guest_errors")
        strict = [] if "-bios" in words else ["-d", "guest_errors", "-D", log]  # OVMF looks for a TPM
        qemu = self.start(*MACHINE[1:], "-chardev", f"file,id=exit,path={exit_file}", "-device",
                          "isa-debugcon,iobase=0xe9,chardev=exit", *strict, *words, program=MACHINE[0])
        out, err = qemu.communicate(timeout=120)
        said = out.decode(errors="replace") + err.decode(errors="replace")
        with open(exit_file, "rb") as stream:
            self.assertEqual(b"\0", stream.read()[-1:], said)
        self.assertEqual(1, qemu.returncode, said)
        if strict:
            with open(log) as stream:
                self.assertEqual("", stream.read(), said)
        return said

    def test_a_disk_boots_by_bios_on_ide_and_virtio(self):
        disk = self.make("raw")
        for interface in ("ide", "virtio"):
            with self.subTest(interface=interface):
                self.assertIn(LINE, self.boot("-drive", f"file={disk},format=raw,if={interface}"))

    def test_a_disk_boots_by_uefi(self):
        disk = self.make("raw")
        self.assertIn(LINE, self.boot(*OVMF, "-drive", f"file={disk},format=raw,if=virtio"))

    def test_a_cd_boots_by_bios_and_uefi_and_as_a_disk(self):
        cd = self.make("iso")
        self.assertIn(LINE, self.boot("-cdrom", cd))
        self.assertIn(LINE, self.boot("-drive", f"file={cd},format=raw,if=virtio"))
        self.assertIn(LINE, self.boot(*OVMF, "-cdrom", cd))

    def test_a_uefi_program_boots_from_any_folder_of_a_fat_disk(self):
        folder = os.path.join(self.folder, "EFI/BOOT")
        os.makedirs(folder)
        self.make("efi", name="EFI/BOOT/BOOTX64.EFI")
        disk = os.path.join(self.folder, "disk")
        os.mkdir(disk)
        os.rename(os.path.join(self.folder, "EFI"), os.path.join(disk, "EFI"))
        self.assertIn(LINE, self.boot(*OVMF, "-drive", f"file=fat:rw:{disk},format=raw,if=virtio"))

    def test_other_disk_formats_boot(self):
        for format in ("qcow2", "vmdk", "vdi", "vhdx"):
            with self.subTest(format=format):
                disk = self.make(format)
                self.assertIn(LINE, self.boot("-drive", f"file={disk},format={format},if=ide"))

    def test_an_elf_boots_by_pvh_and_has_no_symbols(self):
        for board in ("kvm-pc", "qemu-microvm"):
            elf = self.make("elf", board=board)
            self.assertLess(os.path.getsize(elf), 200_000)
            result = self.toro("run", elf, "--board", board, "--config", "release", "--timeout", "60")
            self.assertEqual((0, f"Hello from Toro: core 0 of board {board}\n"), (result.status, result.out))

    def test_several_cores_start(self):
        disk = self.make("raw", target="inter-core-comm")
        for firmware in ([], OVMF):
            with self.subTest(firmware=firmware):
                said = self.boot(*firmware, "-smp", "2", "-drive", f"file={disk},format=raw,if=virtio")
                self.assertIn("core 1", said)

    def test_main_gets_its_arguments_unchanged(self):
        words = ["7", "two words", 'quo"te', "back\\slash", "it's", "$prefix", ""]
        probe = self.make("raw", "arguments", *words, target=harness.PROBE)
        said = self.boot("-drive", f"file={probe},format=raw,if=ide")
        self.assertEqual(["<arguments>"] + [f"<{word}>" for word in words], said.splitlines()[1:])

    def test_json_names_the_image(self):
        path = os.path.join(self.folder, "x.raw")
        answer = json.loads(self.toro("image", "hello", "--format", "raw", "--output", path, "--json", limit=900).out)
        self.assertEqual((path, "raw", "kvm-pc", "release", os.path.getsize(path)),
                         tuple(answer[key] for key in ("image", "format", "board", "config", "bytes")))


class Refusals(harness.Case):
    def image(self, *words, **more):
        return self.toro("image", *words, limit=900, **more)

    def test_an_unknown_format(self):
        self.refused(self.image("hello", "--format", "vhd"), "unknown format 'vhd'", "did you mean vhdx?", status=2)
        self.refused(self.image("hello"), "--format", status=2)

    def test_an_output_that_cannot_be_written(self):
        self.refused(self.image("hello", "--format", "raw", "--output", "/proc/x.raw"), "/proc/x.raw", "writable")
        self.refused(self.image("hello", "--format", "raw", "--output", self.folder), "it is a folder")

    def test_an_image_that_is_too_large(self):
        big = self.file("big.elf", "")
        elf = self.image("hello", "--format", "elf", "--output", os.path.join(self.folder, "a.elf")).out.strip()
        with open(self.file("hole", ""), "r+b") as hole:
            hole.truncate(257 << 20)
        subprocess.check_call(["llvm-objcopy-22", f"--add-section=.big={hole.name}", "--set-section-flags",
                               ".big=alloc,data", elf, big])
        self.refused(self.image(big, "--format", "raw", "--output", os.path.join(self.folder, "b.raw")),
                     "at most 268435456 bytes")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "b.raw")))

    def test_a_missing_tool(self):
        result = self.image("hello", "--format", "raw", "--output", os.path.join(self.folder, "a.raw"),
                            environment={"PATH": self.path_without("mformat")})
        self.refused(result, "what `image` needs", "toro setup --for image")

    def test_a_board_without_the_entry(self):
        result = self.image("hello", "--format", "iso", "--board", "qemu-microvm", "--output",
                            os.path.join(self.folder, "a.iso"))
        self.refused(result, "Multiboot2", "only --format elf", "kvm-pc")

    def test_arguments_of_an_elf(self):
        self.refused(self.image("hello", "--format", "elf", "--", "a"), "gets its command line from what loads it",
                     status=2)


if __name__ == "__main__":
    harness.main()
