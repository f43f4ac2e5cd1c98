"""Disks: what the guest writes the host reads and the other way round, errors reach who asked, and bad images are refused
in one sentence."""

import array
import json
import os
import shlex
import struct
import subprocess
import zlib

import harness
from harness import GUEST_READY

BOARDS = ("qemu-microvm", "kvm-pc")
# What tells transports apart: the board, and what is replaced in the command that boots it.
TRANSPORTS = {
    "MMIO": ("qemu-microvm", ()),
    "MMIO found by ACPI": ("microvm-acpi", ()),
    "MMIO of version 1": ("microvm-acpi", (("force-legacy=false", "force-legacy=true"),)),
    "PCI": ("kvm-pc", ()),
    "legacy PCI": ("kvm-pc", (("virtio-blk-pci-non-transitional", "virtio-blk-pci,disable-modern=on"),)),
}
MEBIBYTE = 1 << 20
images = {}


def setUpModule():
    for board in (*BOARDS, "microvm-acpi"):
        images[board] = os.path.join(harness.build_targets(board, "block-probe"), "tests/guest/block/block-probe.elf")


def pattern(seed, size):
    """As the probe writes it."""
    mask = (1 << 64) - 1
    return array.array("Q", ((i + seed) * 0x9e3779b97f4a7c15 & mask for i in range(size // 8))).tobytes()


def gpt(sectors):
    """A GPT with two partitions: "system" at 40+60, "data" at 100+1."""
    disk = bytearray(512 * sectors)
    disk[446:462] = struct.pack("<B3sB3sII", 0, b"", 0xee, b"", 1, sectors - 1)
    disk[510:512] = b"\x55\xaa"
    entries = b"".join(
        struct.pack("<16s16sQQQ72s", bytes([7] * 16), bytes([n + 1] * 16), first, last, 0, name.encode("utf-16-le"))
        for n, (first, last, name) in enumerate(((40, 99, "system"), (100, 100, "data")))).ljust(128 * 128, b"\0")
    disk[1024:1024 + len(entries)] = entries
    header = lambda crc: struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, crc, 0, 1, sectors - 1, 34, sectors - 34,
                                     bytes(16), 2, 128, 128, zlib.crc32(entries))
    disk[512:604] = header(zlib.crc32(header(0)))
    return bytes(disk)


class Disks(harness.Case):
    def image(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as stream:
            stream.write(content)
        return path

    def boot(self, board, disks, words, cores=1, change=lambda blockdev: blockdev, replaced=()):
        """The console of the probe; QEMU complained of nothing. `change` gets each disk's -blockdev; `replaced` are pairs of
        what stands in the command and what takes its place."""
        options = [word for disk in disks for word in ("--disk", disk)]
        line = self.toro("run", images[board], "--board", board, "--cores", str(cores), *options, "--print-command", "--", *words)
        self.assertEqual(0, line.status, line)
        run = os.path.join(self.folder, f"run-{len(self.started)}")
        os.mkdir(run)
        before, _, last = line.out.rpartition(" && ")
        subprocess.check_call(f"{before} && true".replace("$(mktemp -d)", run), shell=True)
        for old, new in replaced:
            self.assertIn(old, last)
            last = last.replace(old, new)
        command = [word.replace("$RUN", run) for word in shlex.split(last)]
        for i, word in enumerate(command):
            if command[i - 1] == "-blockdev":
                command[i] = json.dumps(change(json.loads(word)))
        log = os.path.join(run, "guest_errors")
        qemu = self.start(*command[1:], "-d", "guest_errors", "-D", log, program=command[0])
        out, err = qemu.communicate(timeout=4 * GUEST_READY)
        said = out.decode(errors="replace") + err.decode(errors="replace")
        with open(log) as stream:
            self.assertEqual("", stream.read(), said)
        with open(os.path.join(run, "exit"), "rb") as stream:
            self.assertEqual(b"\0", stream.read()[-1:], said)
        return said.replace("\r", "")

    def test_what_one_side_writes_the_other_reads(self):
        size = 3 * MEBIBYTE
        for transport, (board, replaced) in TRANSPORTS.items():
            for cores in (1, 2):
                with self.subTest(transport=transport, cores=cores):
                    disk = self.image("disk.img", pattern(5, size))
                    said = self.boot(board, [disk], ["check=5", "write=77", "check=77"], cores, replaced=replaced)
                    self.assertEqual("check: 0 wrong\nwrite: 0 wrong\ncheck: 0 wrong\n", said)
                    with open(disk, "rb") as stream:
                        self.assertEqual(pattern(77, size), stream.read())

    def test_sectors_of_4096_bytes(self):
        disk = self.image("disk.img", pattern(1, MEBIBYTE // 4096 // 6 * 6 * 4096))
        line = self.toro("run", images["qemu-microvm"], "--disk", disk, "--print-command").out
        self.assertIn("drive=disk0", line)
        command = shlex.split(line.rpartition(" && ")[2])
        run = os.path.join(self.folder, "large")
        os.mkdir(run)
        command = [word.replace("$RUN", run).replace("drive=disk0", "drive=disk0,logical_block_size=4096,"
                                                     "physical_block_size=4096") for word in command]
        command[command.index("-append") + 1] = "-- list check=1 zero refuse"
        out, err = self.start(*command[1:], program=command[0]).communicate(timeout=GUEST_READY)
        said = out.decode().replace("\r", "")
        self.assertIn("252 x 4096", said, err)
        self.assertIn("check: 0 wrong\nzeros where they belong: true\ndiscarded\n", said)
        self.assertIn("read 251+3: the device ends before\n", said)

    def test_several_disks_and_a_read_only_one(self):
        for board in BOARDS:
            with self.subTest(board=board):
                first = self.image("a.img", pattern(3, MEBIBYTE))
                second = self.image("b.img", bytes(2 * MEBIBYTE))
                said = self.boot(board, [first + ":ro", second, "4M"], ["list", "read-each=3", "write=1", "zero"])
                self.assertIn('virtio-blk 0 "disk0" 2048 x 512 read-only\nvirtio-blk 1 "disk1" 4096 x 512\n'
                              'virtio-blk 2 "disk2" 8192 x 512\n3 of 3 sectors were read\n', said)
                self.assertIn("write 0+48: the device is read-only\n", said)
                with open(first, "rb") as stream:
                    self.assertEqual(pattern(3, MEBIBYTE), stream.read())

    def test_qcow2(self):
        raw = self.image("disk.raw", pattern(9, MEBIBYTE))
        disk = os.path.join(self.folder, "disk.any")
        subprocess.check_call(["qemu-img", "convert", "-O", "qcow2", raw, disk])
        said = self.boot("qemu-microvm", [disk], ["check=9", "write=2"])
        self.assertEqual("check: 0 wrong\nwrite: 0 wrong\n", said)
        subprocess.check_call(["qemu-img", "convert", "-O", "raw", disk, raw])
        with open(raw, "rb") as stream:
            written = MEBIBYTE // (24 * 1024) * 24 * 1024
            self.assertEqual(pattern(2, written), stream.read()[:written])

    def test_zeros_discards_and_what_is_refused(self):
        for transport, (board, replaced) in TRANSPORTS.items():
            with self.subTest(transport=transport):
                said = self.boot(board, ["1M"], ["zero", "refuse", "last-core", "refuse"], cores=2, replaced=replaced)
                refused = ("read 2047+3: the device ends before\nwrite 2048+3: the device ends before\n"
                           "read 0+0: the data is no whole number of sectors, or is not aligned\n"
                           "discard 18446744073709551615+1: the device ends before\nnothing at the end: true\n")
                self.assertEqual("zeros where they belong: true\ndiscarded\n" + refused + refused, said)

    def test_errors_of_the_medium_reach_who_asked_and_harm_nothing_else(self):
        def with_errors(blockdev):
            blockdev["file"] = {"driver": "blkdebug", "image": blockdev["file"],
                                "inject-error": [{"event": "read_aio", "iotype": "read", "sector": sector, "errno": 5}
                                                 for sector in (2, 5)]}
            return blockdev

        for board in BOARDS:
            for cores in (1, 2):
                with self.subTest(board=board, cores=cores):
                    disk = self.image("disk.img", pattern(4, MEBIBYTE))
                    said = self.boot(board, [disk], ["read-each=8", "last-core", "read-each=8", "write=4"], cores, with_errors)
                    errors = "".join(f"read {n}+1: the device reports an error\n" for n in (2, 5))
                    once = errors + "6 of 8 sectors were read\n"
                    self.assertEqual(once + once + "write: 0 wrong\n", said)

    def test_a_medium_that_takes_its_time_keeps_nobody_else_from_theirs(self):
        slow, fast = self.image("slow.img", pattern(6, MEBIBYTE)), self.image("fast.img", pattern(7, MEBIBYTE))
        socket = os.path.join(self.folder, "nbd.sock")
        server = subprocess.Popen(["nbdkit", "--exit-with-parent", "--unix", socket, "--filter=delay", "file", slow, "rdelay=200ms",
                                   "wdelay=200ms"])
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)

        def over_nbd(blockdev):
            if blockdev["file"]["filename"] == slow:
                # The server may not listen yet.
                blockdev["file"] = {"driver": "nbd", "server": {"type": "unix", "path": socket}, "open-timeout": 10}
            return blockdev

        for board in BOARDS:
            for cores in (1, 2):
                with self.subTest(board=board, cores=cores):
                    words = ["disk=0", "read-each=4", "disk=1", "check=7", "write=7", "disk=0", "check=6", "write=6"]
                    said = self.boot(board, [slow, fast], words, cores, over_nbd)
                    self.assertEqual("4 of 4 sectors were read\n" + "check: 0 wrong\nwrite: 0 wrong\n" * 2, said)
        for path, seed in ((slow, 6), (fast, 7)):
            with open(path, "rb") as stream:
                written = MEBIBYTE // (24 * 1024) * 24 * 1024
                self.assertEqual(pattern(seed, written), stream.read()[:written])

    def test_partitions(self):
        disk = self.image("disk.img", gpt(2048))
        said = self.boot("qemu-microvm", [disk], ["partitions"])
        self.assertEqual('partition 1 "system" 40+60\npartition 2 "data" 100+1\n', said)
        self.assertEqual("partitions: there is no partition table\n", self.boot("kvm-pc", ["1M"], ["partitions"]))


class BadImages(harness.Case):
    def refuse(self, disk, *parts):
        self.refused(self.toro("run", images["qemu-microvm"], "--disk", disk), *parts, status=125)

    def test_bad_images(self):
        self.refuse(os.path.join(self.folder, "none.img"), "an image file was expected", "none.img", "is not there")
        self.refuse(self.folder, "an image file was expected", "is a directory")
        self.refuse(self.file("empty", ""), "whole sectors of 512 bytes", "has 0 bytes")
        self.refuse(self.file("odd", "x" * 1000), "whole sectors of 512 bytes", "has 1000 bytes")
        self.refuse(self.file("vmdk", "KDMV" + "x" * 1020), "raw or qcow2", "VMDK", "qemu-img convert")

    def test_an_image_in_use(self):
        disk = self.file("disk.img", "x" * 65536)
        command = ["-M", "pc", "-display", "none", "-serial", "none", "-monitor", "none", "-qmp", "stdio", "-blockdev",
                   json.dumps({"driver": "file", "node-name": "a", "filename": disk}), "-device", "virtio-blk-pci,drive=a"]
        other = subprocess.Popen(["qemu-system-x86_64", "-S", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(other.communicate)
        self.addCleanup(other.terminate)
        self.assertIn(b"QMP", other.stdout.readline())
        other.stdin.write(b'{"execute": "qmp_capabilities"}\n')
        other.stdin.flush()
        self.assertIn(b"return", other.stdout.readline())  # answered when all devices are there
        self.refuse(disk, "that nobody uses", "is in use by another QEMU")
        self.refuse(disk + ":ro", "that nobody uses")


if __name__ == "__main__":
    harness.main()
