"""Files on disks: what a guest writes e2fsck, debugfs, fsck.fat and mtools find in order and equal, and the other way round;
errors, full disks; the static web server on each kind of filesystem."""

import http.client
import json
import os
import shlex
import subprocess

import harness
from harness import GUEST_READY
from test_sockets import PATIENCE, free_port

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


def medium_errors(kind, *sectors):
    """Changes a -blockdev so that reads or writes of these sectors fail."""
    def change(blockdev):
        blockdev["file"] = {"driver": "blkdebug", "image": blockdev["file"],
                            "inject-error": [{"event": f"{kind}_aio", "iotype": kind, "sector": sector, "errno": 5}
                                             for sector in sectors]}
        return blockdev
    return change


class Disks(harness.Case):
    """What boots the probe."""

    def run_probe(self, board, disks, words, cores=1, status=0):
        options = [word for disk in disks for word in ("--disk", disk)]
        result = self.toro("run", images[board], "--board", board, "--cores", str(cores), *options, "--timeout", str(4 * GUEST_READY),
                           "--", *words, limit=5 * GUEST_READY)
        self.assertEqual(status, result.status, str(result))
        return result.out.replace("\r", "")

    def boot_command(self, board, disk, words, change):
        """The command that boots the probe, with the disk's -blockdev changed."""
        line = self.toro("run", images[board], "--board", board, "--disk", disk, "--print-command", "--", *words)
        run = os.path.join(self.folder, f"run-{len(self.started)}")
        os.mkdir(run)
        command = [word.replace("$RUN", run) for word in shlex.split(line.out.rpartition(" && ")[2])]
        at = command.index("-blockdev") + 1
        command[at] = json.dumps(change(json.loads(command[at])))
        return command

    def run_changed(self, board, disk, words, change):
        command = self.boot_command(board, disk, words, change)
        out, err = self.start(*command[1:], program=command[0]).communicate(timeout=2 * GUEST_READY)
        self.assertEqual(b"", err)
        return out.decode().replace("\r", "")

    def full_and_read_only(self, kind):
        """On a disk of that kind, which make() makes and fsck() looks at."""
        disk = self.make("disk.img", size="1M")
        said = self.run_probe("qemu-microvm", [f"{disk}:{kind}:/data"], ["write=/data/a=2000000=1", "remove=/data/a", "write=/data/b=300000=2",
                                                                  "check=/data/b=300000=2"])
        self.assertEqual("write /data/a: No space left on device\nremove /data/a: done\nwrite /data/b: done\ncheck /data/b: equal\n", said)
        self.fsck(disk)
        with open(disk, "rb") as stream:
            before = stream.read()
        said = self.run_probe("kvm-pc", [f"{disk}:ro:{kind}:/data"], ["check=/data/b=300000=2", "write=/data/c=1=1", "remove=/data/b"])
        self.assertEqual("check /data/b: equal\nwrite /data/c: Read-only file system\nremove /data/b: Read-only file system\n", said)
        with open(disk, "rb") as stream:
            self.assertEqual(before, stream.read())


class Ext2(Disks):
    def make(self, name, *options, size="16M"):
        path = os.path.join(self.folder, name)
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext2", *options, path, size], check=True, env=TOOLS,
                       stdout=subprocess.DEVNULL)
        return path

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
        self.full_and_read_only("ext2")

    def test_the_originals_test(self):
        for board in ALL_BOARDS:
            with self.subTest(board=board):
                disk = self.make("disk.img")
                self.assertEqual("original: good\n", self.run_probe(board, [disk + ":ext2:/data"], ["original=/data"]))
                self.fsck(disk)

    def test_a_directory_of_100000_entries(self):
        disk = self.make("disk.img", "-b", "4096", "-N", "131072", size="128M")
        said = self.run_probe("qemu-microvm", [disk + ":ext2:/data"], ["entries=/data/many=100000"])
        self.assertIn("entries /data/many: 100000 made, 100000 found, 100000 listed\n", said)
        self.fsck(disk)

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
        for board in BOARDS:
            with self.subTest(board=board):
                disk = self.make("disk.img", "-b", "1024")
                self.run_probe(board, [disk + ":ext2:/data"], ["write=/data/bad=100000=1", "write=/data/good=100000=2"])
                block = int(self.debugfs(disk, "bmap /bad 40").split()[-1])
                self.assertEqual("check /data/bad: different\ncheck /data/good: equal\n", self.run_changed(
                    board, disk + ":ext2:/data", ["check=/data/bad=100000=1", "check=/data/good=100000=2"],
                    medium_errors("read", 2 * block)))
                said = self.run_changed(
                    board, disk + ":ext2:/data",
                    ["write=/data/bad=100000=7", "sync=/data/bad", "write=/data/bad=1=1", "check=/data/good=100000=2"],
                    medium_errors("write", 2 * block))
                self.assertEqual(1, said.count("toro: disk0 is only read from now on: a write failed"), said)
                self.assertIn("sync /data/bad: I/O error\n", said)
                self.assertIn("write /data/bad: Read-only file system\n", said)
                self.assertIn("check /data/good: equal\n", said)


class Fat(Disks):
    def make(self, name, *options, size="16M"):
        path = os.path.join(self.folder, name)
        subprocess.run(["truncate", "-s", size, path], check=True)
        subprocess.run(["mkfs.fat", *options, path], check=True, env=TOOLS, stdout=subprocess.DEVNULL)
        return path

    def fsck(self, image):
        done = subprocess.run(["fsck.fat", "-n", image], env=TOOLS, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def content(self, image, path):
        return subprocess.run(["mtype", "-i", image, "::" + path], capture_output=True, check=True).stdout

    def test_what_one_side_writes_the_other_reads(self):
        large = os.path.join(self.folder, "a large file")
        with open(large, "wb") as stream:
            stream.write(pattern(3, 2_000_000))
        for board, options in (("qemu-microvm", ("-F", "16")), ("kvm-pc", ("-F", "32", "-s", "1")), ("kvm-pc-emulated", ("-F", "16"))):
            for cores in (1, 2):
                with self.subTest(board=board, cores=cores):
                    disk = self.make("disk.img", *options, size="40M")
                    subprocess.run(["mcopy", "-i", disk, large, "::"], check=True)
                    said = self.run_probe(board, [disk + ":fat:/data"], [
                        "check=/data/a large file=2000000=3", "write=/data/a new one=1500000=9", "many=/data/m=200",
                        "together=/data/g", "rename=/data/a new one=/data/m/moved", "remove=/data/a large file"], cores)
                    self.assertEqual("check /data/a large file: equal\nwrite /data/a new one: done\nmany /data/m: 0 wrong\n"
                                     "together /data/g: 0 wrong\nrename /data/a new one: done\nremove /data/a large file: done\n", said)
                    self.fsck(disk)
                    self.assertEqual(pattern(9, 1_500_000), self.content(disk, "/m/moved"))

    def test_the_originals_test(self):
        for board in ALL_BOARDS:
            for options in (("-F", "16"), ("-F", "32", "-s", "1")):
                with self.subTest(board=board, options=options):
                    disk = self.make("disk.img", *options, size="40M")
                    self.assertEqual("original: good\n", self.run_probe(board, [disk + ":fat:/data"], ["original=/data"]))
                    self.fsck(disk)

    def test_full_and_read_only(self):
        self.full_and_read_only("fat")

    def test_a_folder_of_the_host(self):
        folder = os.path.join(self.folder, "content")
        os.mkdir(folder)
        with open(os.path.join(folder, "a long name"), "wb") as stream:
            stream.write(pattern(4, 100_000))
        for board in BOARDS:  # an IDE drive of QEMU cannot be read-only
            with self.subTest(board=board):
                said = self.run_probe(board, [folder + ":fat:/data"], ["check=/data/a long name=100000=4", "write=/data/x=1=1"])
                self.assertEqual("check /data/a long name: equal\nwrite /data/x: Read-only file system\n", said)

    def test_a_new_disk_has_a_filesystem_when_it_is_asked_for(self):
        self.assertEqual("write /data/x: done\ncheck /data/x: equal\n", self.run_probe(
            "qemu-microvm", ["16M:fat:/data"], ["write=/data/x=5000=1", "check=/data/x=5000=1"]))

    def test_errors_of_the_medium(self):
        for board in BOARDS:
            with self.subTest(board=board):
                disk = self.make("disk.img", "-F", "16", "-s", "1")
                self.run_probe(board, [disk + ":fat:/data"], ["write=/data/bad=100000=1", "write=/data/good=100000=2"])
                with open(disk, "rb") as stream:
                    sector = stream.read().index(pattern(1, 100_000)[40 * 512:41 * 512]) // 512
                self.assertEqual("check /data/bad: different\ncheck /data/good: equal\n", self.run_changed(
                    board, disk + ":fat:/data", ["check=/data/bad=100000=1", "check=/data/good=100000=2"],
                    medium_errors("read", sector)))
                said = self.run_changed(
                    board, disk + ":fat:/data",
                    ["write=/data/bad=100000=7", "sync=/data/bad", "write=/data/bad=1=1", "check=/data/good=100000=2"],
                    medium_errors("write", sector))
                self.assertEqual(1, said.count("toro: disk0 is only read from now on: a write failed"), said)
                self.assertIn("sync /data/bad: I/O error\n", said)
                self.assertIn("write /data/bad: Read-only file system\n", said)
                self.assertIn("check /data/good: equal\n", said)


class MadeDisks(Disks):
    """`toro image make-disk`."""

    def make_disk(self, folder, filesystem, *options):
        image = os.path.join(self.folder, filesystem + ".img")
        result = self.toro("image", "make-disk", folder, "--fs", filesystem, "--output", image, *options)
        self.assertEqual((0, image + "\n"), (result.status, result.out), str(result))
        return image

    def test_a_disk_has_what_lies_in_a_folder(self):
        folder = os.path.join(self.folder, "content")
        os.makedirs(folder + "/Ein Verzeichnis")
        for name, seed in (("large", 1), ("Ein Verzeichnis/Größe und mehr.text", 2)):
            with open(os.path.join(folder, name), "wb") as stream:
                stream.write(pattern(seed, 300_000))
        for filesystem, kind in (("ext2", "ext2"), ("fat32", "fat")):
            with self.subTest(filesystem=filesystem):
                image = self.make_disk(folder, filesystem)
                check = ["e2fsck", "-fn", image] if kind == "ext2" else ["fsck.fat", "-n", image]
                subprocess.run(check, check=True, env=TOOLS, capture_output=True)
                said = self.run_probe("qemu-microvm", [image + ":/data"], ["check=/data/large=300000=1",
                                                                      "check=/data/Ein Verzeichnis/Größe und mehr.text=300000=2"])
                self.assertEqual(["equal", "equal"], [line.rpartition(" ")[2] for line in said.splitlines()], said)

    def test_sentences(self):
        folder = os.path.join(self.folder, "clash")
        os.mkdir(folder)
        make = lambda *words: self.toro("image", "make-disk", *words, "--output", os.path.join(self.folder, "x.img"))
        self.refused(make(folder, "--fs", "ntfs"), "--fs was expected to be ext2 or fat32: 'ntfs' was found")
        self.refused(make(folder, "--fs", "fat32", "--size", "16M"), "--size was expected to be 35M at least for fat32: '16M' was found")
        self.refused(make(folder, "--size", "x"), "--size was expected to be a size such as 64M or 1G: 'x' was found")
        self.refused(make(self.folder + "/none"), "a folder was expected: ", "/none' is none")
        for name in ("a", "A"):
            self.file("clash/" + name, name)
        self.refused(make(folder, "--fs", "fat32"), "differs from another name by the case of letters alone: FAT cannot have both")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "x.img")))

    def test_static_content_through_each_filesystem(self):
        folder = os.path.join(harness.SDK, "samples/static-web-server/files")
        with open(os.path.join(folder, "index.html"), "rb") as page:
            content = page.read()
        places = {
            "archive": (),
            "ext2": ("--disk", self.make_disk(folder, "ext2") + ":ext2:/"),
            "fat": ("--disk", self.make_disk(folder, "fat32") + ":fat:/"),
            "folder as a disk": ("--disk", folder + ":fat:/"),
            "share": ("--share", folder + ":/"),
        }
        for board in BOARDS:
            for place, words in places.items():
                with self.subTest(board=board, place=place):
                    port = free_port()
                    guest = self.start("run", "static-web-server", "--board", board, *words, "--forward", f"{port}:80", "--", "80", "1")
                    self.console_until(guest, "serving at port 80\n")
                    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
                    for path, headers, status, expected in (
                            ("/", {}, 200, content), ("/index.html", {"Range": "bytes=0-14"}, 206, content[:15]),
                            ("/nowhere", {"Connection": "close"}, 404, b"404 Not Found\n")):
                        client.request("GET", path, headers=headers)
                        answer = client.getresponse()
                        self.assertEqual((status, expected), (answer.status, answer.read()))
                    client.close()
                    out, err = guest.communicate(timeout=PATIENCE)
                    self.assertEqual(0, guest.returncode, out + err)


if __name__ == "__main__":
    harness.main()
