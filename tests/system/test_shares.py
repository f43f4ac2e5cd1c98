"""Shared folders: what one side writes the other reads, many requests are in flight, a server that ends ends nothing else,
and what is missing is said in one sentence."""

import array
import os
import re
import signal
import stat
import subprocess
import unittest

import harness
from harness import GUEST_READY

BOARDS = ("qemu-microvm", "kvm-pc")
MEBIBYTE = 1 << 20
NOBODY = 65534
images = {}


def setUpModule():
    for board in BOARDS:
        images[board] = os.path.join(harness.build_targets(board, "share-probe"), "tests/guest/share/share-probe.elf")


def pattern(seed, size):
    """As the probe writes it."""
    mask = (1 << 64) - 1
    return array.array("Q", ((i + seed) * 0x9e3779b97f4a7c15 & mask for i in range(size // 8))).tobytes()


def on_boards_and_cores(test):
    """Runs `test(self, board, cores)` with one and two cores, each time with an empty folder."""
    def run(self):
        for board in BOARDS:
            for cores in (1, 2):
                with self.subTest(board=board, cores=cores):
                    self.clear()
                    test(self, board, cores)
    return run


class Shares(harness.Case):
    def setUp(self):
        super().setUp()
        self.shared = os.path.join(self.folder, "a folder, shared")
        os.mkdir(self.shared)

    def put(self, name, content):
        with open(os.path.join(self.shared, name), "wb") as stream:
            stream.write(content)

    def get(self, name):
        with open(os.path.join(self.shared, name), "rb") as stream:
            return stream.read()

    def boot(self, board, *words, cores=1, options=(), place=None, **more):
        place = place or self.shared + ":/share0"
        result = self.toro("run", images[board], "--board", board, "--cores", str(cores), "--share", place,
                           "--timeout", str(4 * GUEST_READY), *options, "--", *words, limit=5 * GUEST_READY, **more)
        self.assertEqual(0, result.status, result)
        self.assertEqual("", result.err, result)
        return result.out.replace("\r", "")

    def clear(self):
        for name in os.listdir(self.shared):
            subprocess.check_call(["rm", "-r", os.path.join(self.shared, name)])

    @on_boards_and_cores
    def test_what_one_side_writes_the_other_reads(self, board, cores):
        self.put("of-host", pattern(3, 3 * MEBIBYTE))
        said = self.boot(board, f"check=of-host,3,{3 * MEBIBYTE},{MEBIBYTE}", f"write=of-guest,4,{3 * MEBIBYTE},{MEBIBYTE}",
                         f"check=of-guest,4,{3 * MEBIBYTE},1000", "write=small,5,40000,512", cores=cores)
        self.assertEqual(["3145728", "3145728", "3145728", "40000"], re.findall(r": (\d+)\n", said), said)
        self.assertTrue(pattern(4, 3 * MEBIBYTE) == self.get("of-guest"))
        self.assertTrue(pattern(5, 40000) == self.get("small"))

    @on_boards_and_cores
    def test_names(self, board, cores):
        self.assertEqual("names: good\n", self.boot(board, "names", cores=cores))
        self.assertEqual(["hard", "n" * 255, "second"], sorted(os.listdir(os.path.join(self.shared, "d"))))
        of_second = os.stat(os.path.join(self.shared, "d/second"))
        self.assertEqual((2, 0o600, 1_100_000_000_000_000_007),
                         (of_second.st_nlink, stat.S_IMODE(of_second.st_mode), of_second.st_mtime_ns))
        self.assertEqual(b"one", self.get("d/hard"))

    @on_boards_and_cores
    def test_the_originals_test(self, board, cores):
        self.assertEqual("original: good\n", self.boot(board, "original", cores=cores))
        self.assertEqual(MEBIBYTE, len(self.get("original1048576")))

    @on_boards_and_cores
    def test_threads_of_all_cores_at_the_same_time(self, board, cores):
        self.assertEqual("threads: 12 of 12\n", self.boot(board, "threads=12", cores=cores))
        for i in range(12):
            self.assertTrue(pattern(i, MEBIBYTE) == self.get(f"thread{i}"))

    @on_boards_and_cores
    def test_many_files(self, board, cores):
        self.assertEqual("many: 2000 listed, 2000 empty\n", self.boot(board, "many=2000", cores=cores))
        self.assertEqual(2000, len(os.listdir(os.path.join(self.shared, "many"))))

    def test_a_mount_on_another_core(self):
        for board in BOARDS:
            with self.subTest(board=board):
                said = self.boot(board, "mount=1", "write=a,1,100000,4096", "threads=4", "unmount", "mount=0", "mount=1",
                                 "check=a,1,100000,4096", cores=2, place=self.shared)
                self.assertEqual(["done", "it is in use", "done"], re.findall(r"^mount: (.*)$", said, re.M), said)
                self.assertIn("unmount: done\n", said)
                self.assertIn("threads: 4 of 4\n", said)
                self.assertEqual(["100000", "100000"], re.findall(r"4096: (\d+)\n", said))

    def test_the_guest_sees_the_folder_and_no_more(self):
        with open(os.path.join(self.folder, "secret"), "w") as stream:
            stream.write("outside\n")
        os.symlink("../secret", os.path.join(self.shared, "up"))
        os.symlink(os.path.join(self.folder, "secret"), os.path.join(self.shared, "away"))
        os.mkfifo(os.path.join(self.shared, "pipe"))
        for board in BOARDS:
            with self.subTest(board=board):
                said = self.boot(board, "cat=up", "cat=away", "cat=../../secret", "cat=pipe")
                self.assertNotIn("outside", said)
                self.assertEqual(4, len(said.splitlines()), said)

    def test_a_server_that_is_killed(self):
        for board in BOARDS:
            for cores in (1, 2):
                with self.subTest(board=board, cores=cores):
                    guest = self.start("run", images[board], "--board", board, "--cores", str(cores), "--share",
                                       self.shared + ":/share0", "--timeout", str(4 * GUEST_READY), "--", "until-error=4")
                    self.console_until(guest, "begun")
                    servers = [pid for pid, line in self.survivors().items() if "virtiofsd" in line]
                    self.assertEqual(1, len(servers), self.survivors())
                    os.kill(servers[0], signal.SIGKILL)
                    out, err = guest.communicate(timeout=4 * GUEST_READY)
                    said = out.decode().replace("\r", "")
                    self.assertIn("until-error: 5 5 5 5\nstat: I/O error\n", said, err)
                    self.assertIn("toro: share0 does not answer any more: its files are out of reach\n", said)
                    self.assertIn(f"virtiofsd was expected to serve {self.shared} to the guest and was ended by signal 9", err.decode())
                    self.assertEqual(0, guest.returncode, said)

    @unittest.skipIf(os.geteuid() != 0, "runs as a user already")
    def test_as_a_user_with_groups(self):
        for path in (self.folder, self.runtime, self.shared):
            os.chmod(path, 0o777)
        for board in BOARDS:
            with self.subTest(board=board):
                said = self.boot(board, "write=of-user,1,4096,4096", "names", preexec_fn=lambda: (
                    os.setgroups([NOBODY, 100]), os.setgid(NOBODY), os.setuid(NOBODY)))
                self.assertIn("names: good\n", said)
                self.assertEqual(NOBODY, os.stat(os.path.join(self.shared, "of-user")).st_uid)
                subprocess.check_call(["rm", "-r", os.path.join(self.shared, "d")])

    def test_sentences(self):
        run = lambda *words, **more: self.toro("run", images["qemu-microvm"], *words, **more)
        for words, more, sentence in (
            (("--share", "/none"), {}, "--share: a folder was expected: '/none' is not there"),
            (("--share", "/etc/passwd"), {}, "--share: a folder was expected: '/etc/passwd' is none"),
            (("--share", self.shared + ":ro"), {}, "--share: DIR or DIR:PATH was expected"),
            (("--share", self.shared), {"environment": {"TORO_VIRTIOFSD": "/none/virtiofsd"}},
             "--share: a program was expected where TORO_VIRTIOFSD says: '/none/virtiofsd' is none"),
            (("--share", self.shared), {"environment": {"TORO_VIRTIOFSD": "/bin/false"}},
             f"virtiofsd was expected to serve {self.shared} to the guest and ended with status 1"),
        ):
            with self.subTest(sentence=sentence):
                result = run(*words, **more)
                self.assertEqual(125, result.status, result)
                self.assertIn(sentence, result.err)

    def test_two_folders_at_places_of_their_own(self):
        other = os.path.join(self.folder, "other")
        os.mkdir(other)
        self.put("a", b"first\n")
        with open(os.path.join(other, "b"), "w") as stream:
            stream.write("second\n")
        for board in BOARDS:
            with self.subTest(board=board):
                said = self.boot(board, "cat=a", "cat=../elsewhere/there/b",
                                 options=("--share", other + ":/elsewhere/there"))
                self.assertEqual("cat a: first\ncat ../elsewhere/there/b: second\n", said)


if __name__ == "__main__":
    harness.main()
