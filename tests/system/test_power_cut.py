"""The power goes: QEMU logs what a guest writes to its disk and when it flushes; after each prefix of that log what was
synced, and not touched since, is there, and what else is wrong the filesystem's own checker can repair."""

import os
import random
import shutil
import struct
import subprocess

import harness
import test_files
from test_files import GUEST_READY, TOOLS, Disks, pattern, setUpModule  # noqa: F401

SECTOR = 512
FLUSH, DISCARD = 1, 4
SEQUENCES = 12  # main takes 63 words


def read_log(path):
    """(flags, offset, data) of each entry. [Linux Documentation/admin-guide/device-mapper/log-writes.rst, QEMU block/blklogwrites.c]"""
    with open(path, "rb") as stream:
        magic, version, count, size = struct.unpack("<QQQI", stream.read(28))
        assert (magic, version, size) == (0x6a736677736872, 1, SECTOR)
        stream.seek(SECTOR)
        for _ in range(count):
            sector, sectors, flags, _ = struct.unpack("<QQQQ", stream.read(SECTOR)[:32])
            data = b"" if flags & DISCARD else stream.read(sectors * SECTOR)
            yield flags, sector * SECTOR, data


def torn(log, chance):
    """The same, where a write of several sectors comes in two parts."""
    for flags, offset, data in log:
        if len(data) > SECTOR:
            cut = chance.randrange(1, len(data) // SECTOR) * SECTOR
            yield flags & ~FLUSH, offset, data[:cut]
            offset, data = offset + cut, data[cut:]
        yield flags, offset, data


class Plan:
    """Sequences of one to three operations, each followed by a sync, and what is to be there after each."""

    def __init__(self, seed):
        chance = random.Random(seed)
        self.words, self.states, self.touched = [], [{}], []
        files = {}
        for number in range(SEQUENCES):
            touched = set()
            for _ in range(chance.randint(1, 3)):
                self._operation(chance, number, files, touched)
            self.touched.append(touched)
            self.states.append(dict(files))
            self.words += [f"write=/data/s={number + 1}=1", "sync=/data/s"]

    def _operation(self, chance, number, files, touched):
        path = chance.choice(sorted(files)) if files and chance.random() < 0.6 else f"/f{number}-{len(touched)}"
        kind = chance.choice(("write", "write", "remove", "rename", "cut")) if path in files else "write"
        touched.add(path)
        if kind == "write":
            files[path] = pattern(number, chance.choice((100, 3000, 20_000)))
            self.words.append(f"write=/data{path}={len(files[path])}={number}")
        elif kind == "remove":
            del files[path]
            self.words.append(f"remove=/data{path}")
        elif kind == "rename":
            to = chance.choice([*sorted(files), f"/r{number}-{len(touched)}"])
            touched.add(to)
            files[to] = files[path]
            if to != path:
                del files[path]
            self.words.append(f"rename=/data{path}=/data{to}")
        else:
            files[path] = files[path][:len(files[path]) // 2]
            self.words.append(f"cut=/data{path}={len(files[path])}")


class PowerCut(Disks):
    def log_of(self, board, disk, kind, words):
        log = os.path.join(self.folder, "log")
        with open(log, "wb"):
            pass

        def logged(blockdev):
            blockdev["file"] = {"driver": "blklogwrites", "file": blockdev["file"],
                                "log": {"driver": "file", "filename": log}}
            blockdev.pop("discard", None)
            return blockdev

        said = self.run_changed(board, f"{disk}:{kind}:/data", words, logged)
        self.assertEqual(len(words), said.count(": done\n"), said)
        return list(read_log(log))

    def files_in(self, image, kind):
        """The content of each file, by its path."""
        out = os.path.join(self.folder, "out")
        shutil.rmtree(out, ignore_errors=True)
        os.mkdir(out)
        if kind == "ext2":
            subprocess.run(["debugfs", "-R", f"rdump / {out}", image], env=TOOLS, check=True, capture_output=True)
        else:
            subprocess.run(["mcopy", "-s", "-n", "-i", image, "::", out], env=TOOLS, capture_output=True)
        found = {}
        for folder, _, names in os.walk(out):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as stream:
                    found["/" + os.path.relpath(path, out)] = stream.read()
        return found

    def repair(self, image, kind):
        """Whether there was something to repair."""
        check, mend = {"ext2": (["e2fsck", "-fn"], ["e2fsck", "-fy"]),
                       "fat": (["fsck.fat", "-n"], ["fsck.fat", "-a", "-w"])}[kind]
        run = lambda command: subprocess.run([*command, image], env=TOOLS, capture_output=True, text=True)
        if run(check).returncode == 0:
            return False
        mended = run(mend)
        self.assertLessEqual(mended.returncode, 1, mended.stdout + mended.stderr)
        again = run(check)
        self.assertEqual(0, again.returncode, again.stdout + again.stderr)
        return True

    def cut_everywhere(self, board, kind, make, seed):
        plan = Plan(seed)
        disk = os.path.join(self.folder, "disk.img")
        make(disk)
        with open(disk, "rb") as stream:
            content = bytearray(stream.read())
        log = self.log_of(board, disk, kind, plan.words)
        flushes = sum(1 for flags, _, _ in log if flags & FLUSH)
        # On a slow machine there may be more than were asked for: what is not synced is written after five seconds.
        late = flushes - SEQUENCES
        self.assertGreaterEqual(late, 0)
        image = os.path.join(self.folder, "cut.img")
        cuts = repaired = flushed = 0
        for flags, offset, data in torn(log, random.Random(seed)):
            content[offset:offset + len(data)] = data
            flushed += 1 if flags & FLUSH else 0
            with open(image, "wb") as stream:
                stream.write(content)
            cuts += 1
            repaired += self.repair(image, kind)
            synced = min(max(flushed - late, 0), SEQUENCES)
            untouched = {path: text for path, text in plan.states[synced].items()
                         if not any(path in touched for touched in plan.touched[synced:synced + late + 1])}
            found = self.files_in(image, kind)
            for path, text in untouched.items():
                self.assertEqual(text, found.get(path), f"{path} after entry {cuts} of {len(log)}, sync {synced}, seed {seed}")
        self.assertEqual(plan.states[-1], {path: text for path, text in self.files_in(image, kind).items() if path != "/s"})
        self.assertFalse(self.repair(image, kind))
        print(f"{kind} on {board}: {cuts} cuts, of which {repaired} needed repair")

    def test_ext2(self):
        def make(path):
            subprocess.run(["mke2fs", "-q", "-F", "-t", "ext2", "-b", "1024", "-N", "128", path, "1M"], env=TOOLS, check=True,
                           stdout=subprocess.DEVNULL)

        for seed, board in enumerate(test_files.BOARDS):
            with self.subTest(board=board):
                self.cut_everywhere(board, "ext2", make, seed)

    def test_fat(self):
        def make(path):
            subprocess.run(["truncate", "-s", "1M", path], check=True)
            subprocess.run(["mkfs.fat", "-F", "12", path], env=TOOLS, check=True, stdout=subprocess.DEVNULL)

        for seed, board in enumerate(test_files.ALL_BOARDS):
            with self.subTest(board=board):
                self.cut_everywhere(board, "fat", make, seed)


if __name__ == "__main__":
    harness.main()
