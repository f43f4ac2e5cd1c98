"""Files on disks: what a guest writes e2fsck finds in order and debugfs equal, and the other way round; errors, full disks,
power that goes."""

import json
import os
import shlex
import subprocess

import harness
from harness import GUEST_READY

BOARDS = ("qemu-microvm", "kvm-pc")
ALL_BOARDS = (*BOARDS, "kvm-pc-emulated")
TOOLS = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
images = {}


def setUpModule():
    for board in ALL_BOARDS:
        images[board] = os.path.join(harness.build_targets(board, "files-probe"), "tests/guest/disk-files/files-probe.elf")


def pattern(seed, size):
    """As the probe writes it."""
    return bytes(((i + seed) * 0x9e3779b1 & 0xffffffff) >> 24 for i in range(size))


class Ext2(harness.Case):
    def make(self, name, *options, size="16M"):
        path = os.path.join(self.folder, name)
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext2", *options, path, size], check=True, env=TOOLS,
                       stdout=subprocess.DEVNULL)
        return path

    def run_probe(self, board, disks, words, cores=1, status=0):
        options = [word for disk in disks for word in ("--disk", disk)]
        result = self.toro("run", images[board], "--board", board, "--cores", str(cores), *options, "--timeout", str(4 * GUEST_READY),
                           "--", *words, limit=5 * GUEST_READY)
        self.assertEqual(status, result.status, str(result))
        return result.out.replace("\r", "")

    def fsck(self, image):
        done = subprocess.run(["e2fsck", "-fn", image], env=TOOLS, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def debugfs(self, image, command):
        return subprocess.run(["debugfs", "-R", command, image], env=TOOLS, capture_output=True, check=True).stdout

    def test_what_one_side_writes_the_other_reads(self):
        tree = os.path.join(self.folder, "tree")
        os.makedirs(tree + "/folder")
        with open(tree + "/folder/large", "wb") as stream:
            stream.write(pattern(3, 2_000_000))
        for board in BOARDS:
            for cores, block in ((1, "1024"), (2, "4096")):
                with self.subTest(board=board, cores=cores):
                    disk = self.make("disk.img", "-b", block, "-d", tree)
                    said = self.run_probe(board, [disk + ":ext2:/data"], [
                        "check=/data/folder/large=2000000=3", "write=/data/new=1500000=9", "tree=/data/t", "many=/data/m=200",
                        "together=/data/g", "remove=/data/folder/large"], cores)
                    self.assertEqual("check /data/folder/large: equal\nwrite /data/new: done\ntree /data/t: done\n"
                                     "many /data/m: 0 wrong\ntogether /data/g: 0 wrong\nremove /data/folder/large: done\n", said)
                    self.fsck(disk)
                    self.assertEqual(pattern(9, 1_500_000), self.debugfs(disk, "cat /new"))
                    self.assertEqual(b"content", self.debugfs(disk, "cat /t/hard"))
                    self.assertIn(b"Filesystem state:         clean\n", self.debugfs(disk, "show_super_stats -h"))
                    again = self.run_probe(board, [disk + ":/data"], ["check=/data/new=1500000=9", "list=/data/t"])
                    self.assertEqual("check /data/new: equal\na folder\na/file 7\nhard 7\nlink -> a/file\nlong -> " + "." * 70 +
                                     "/nowhere\nmoved folder\n", again)

    def test_a_filesystem_belongs_to_the_core_that_it_is_given_to(self):
        for board in ALL_BOARDS:
            with self.subTest(board=board):
                disk = self.make("disk.img")
                said = self.run_probe(board, [disk], ["mount=disk0=/there=1", "write=/there/log=50000=1", "together=/there/g",
                                                      "check=/there/log=50000=1", "unmount=/there", "mount=disk0=/here=0",
                                                      "check=/here/log=50000=1", "mount=disk0=/twice=0"], cores=2)
                self.assertEqual("mount /there: done\nwrite /there/log: done\ntogether /there/g: 0 wrong\ncheck /there/log: equal\n"
                                 "unmount /there: done\nmount /here: done\ncheck /here/log: equal\nmount /twice: it is in use\n", said)
                self.fsck(disk)

    def test_two_disks_one_of_them_the_root(self):
        root, other = self.make("root.img"), self.make("other.img", "-b", "4096")
        said = self.run_probe("qemu-microvm", [root + ":ext2:/", other + ":ext2:/a/b"],
                              ["write=/file=5000=1", "write=/a/b/file=6000=2", "list=/a"])
        self.assertEqual("write /file: done\nwrite /a/b/file: done\nb folder\nb/file 6000\nb/lost+found folder\n", said)
        self.assertEqual(pattern(1, 5000), self.debugfs(root, "cat /file"))
        self.assertEqual(pattern(2, 6000), self.debugfs(other, "cat /file"))
        self.fsck(root)
        self.fsck(other)

    def test_a_new_disk_has_a_filesystem_when_it_is_asked_for(self):
        said = self.run_probe("qemu-microvm", ["16M:ext2:/data"], ["write=/data/x=5000=1", "check=/data/x=5000=1"])
        self.assertEqual("write /data/x: done\ncheck /data/x: equal\n", said)

    def test_what_cannot_be_mounted_is_told_in_a_sentence(self):
        ext4 = os.path.join(self.folder, "ext4.img")
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", ext4, "16M"], check=True, env=TOOLS)
        empty = self.file("empty.img", "\0" * 65536)
        said = self.run_probe("qemu-microvm", [ext4 + ":ext2:/four", empty + ":ext2:/none"],
                              ["write=/four/x=1=1"])
        self.assertIn("toro: disk0 is ext4, which is not supported", said)
        self.assertIn('toro: disk1 cannot be mounted at "/none" as "ext2": it is not of that kind', said)
        self.assertIn("write /four/x: No such file or directory\n", said)

    def test_full_and_read_only(self):
        disk = self.make("disk.img", size="1M")
        said = self.run_probe("qemu-microvm", [disk + ":ext2:/data"], ["write=/data/a=2000000=1", "remove=/data/a", "write=/data/b=300000=2",
                                                                  "check=/data/b=300000=2"])
        self.assertEqual("write /data/a: No space left on device\nremove /data/a: done\nwrite /data/b: done\ncheck /data/b: equal\n", said)
        self.fsck(disk)
        with open(disk, "rb") as stream:
            before = stream.read()
        said = self.run_probe("kvm-pc", [disk + ":ro:ext2:/data"], ["check=/data/b=300000=2", "write=/data/c=1=1", "remove=/data/b"])
        self.assertEqual("check /data/b: equal\nwrite /data/c: Read-only file system\nremove /data/b: Read-only file system\n", said)
        with open(disk, "rb") as stream:
            self.assertEqual(before, stream.read())

    def boot_command(self, board, disk, words, change):
        """The command that boots the probe, with the disk's -blockdev changed."""
        line = self.toro("run", images[board], "--board", board, "--disk", disk, "--print-command", "--", *words)
        run = os.path.join(self.folder, f"run-{len(self.started)}")
        os.mkdir(run)
        command = [word.replace("$RUN", run) for word in shlex.split(line.out.rpartition(" && ")[2])]
        at = command.index("-blockdev") + 1
        command[at] = json.dumps(change(json.loads(command[at])))
        return command

    def test_blocks_in_memory_make_room(self):
        disk = self.make("disk.img")
        self.run_probe("qemu-microvm", [disk + ":ext2:/data"], ["write=/data/large=4000000=1"])
        said = self.run_probe("qemu-microvm", [disk + ":ext2:/data"], ["room", "check=/data/large=4000000=1", "room",
                                                                  "check=/data/large=4000000=1"])
        first, equal, then, again = said.splitlines()
        self.assertEqual([equal] * 2, ["check /data/large: equal", again])
        first, then = (int(line.removeprefix("room: ")) for line in (first, then))
        self.assertGreater(first, 500)
        self.assertLess(first - then, 16, said)  # of 1 MiB; what is kept of the file is more

    def test_what_is_not_synced_is_written_before_long(self):
        disk = self.make("disk.img")
        said = self.toro("run", images["qemu-microvm"], "--disk", disk + ":ext2:/data", "--timeout", "20", "--", "write=/data/log=50000=1", "halt")
        self.assertEqual(124, said.status, str(said))
        self.assertEqual(pattern(1, 50_000), self.debugfs(disk, "cat /log"))
        self.fsck(disk)

    def test_errors_of_the_medium(self):
        def errors(kind, *sectors):
            def change(blockdev):
                blockdev["file"] = {"driver": "blkdebug", "image": blockdev["file"],
                                    "inject-error": [{"event": f"{kind}_aio", "iotype": kind, "sector": sector, "errno": 5}
                                                     for sector in sectors]}
                return blockdev
            return change

        for board in BOARDS:
            with self.subTest(board=board):
                disk = self.make("disk.img", "-b", "1024")
                self.run_probe(board, [disk + ":ext2:/data"], ["write=/data/bad=100000=1", "write=/data/good=100000=2"])
                block = int(self.debugfs(disk, "bmap /bad 40").split()[-1])
                words = ["check=/data/bad=100000=1", "check=/data/good=100000=2"]
                command = self.boot_command(board, disk + ":ext2:/data", words, errors("read", 2 * block))
                out, err = self.start(*command[1:], program=command[0]).communicate(timeout=2 * GUEST_READY)
                self.assertEqual("check /data/bad: different\ncheck /data/good: equal\n", out.decode().replace("\r", ""), err)
                words = ["write=/data/bad=100000=7", "sync=/data/bad", "write=/data/bad=1=1", "check=/data/good=100000=2"]
                command = self.boot_command(board, disk + ":ext2:/data", words, errors("write", 2 * block))
                out, err = self.start(*command[1:], program=command[0]).communicate(timeout=2 * GUEST_READY)
                said = out.decode().replace("\r", "")
                self.assertEqual(1, said.count("toro: disk0 is only read from now on: a write failed"), said)
                self.assertIn("sync /data/bad: I/O error\n", said)
                self.assertIn("write /data/bad: Read-only file system\n", said)
                self.assertIn("check /data/good: equal\n", said)


if __name__ == "__main__":
    harness.main()
