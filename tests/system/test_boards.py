"""Boards: one outside of the SDK's tree, microvm with ACPI, and devices with the legacy interface."""

import json
import os
import re
import shutil
import time

import harness
from harness import SDK

HELLO = "Hello from Toro: core 0 of board {}\n"

BOARD_JSON = """\
{
  "like": "qemu-microvm",
  "title": "A board of my own",
  "description": "microvm with 32 MiB.",
  "memory_mib": { "default": 32 }
}
"""


class OwnBoard(harness.Case):
    """docs/boards.md, "Adding a board": a folder, and nothing else."""

    def make(self, folder="boards/my-board"):
        with open(os.path.join(SDK, "boards/qemu-microvm/board.cpp")) as source:
            self.file(folder + "/board.cpp", source.read())
        return os.path.dirname(self.file(folder + "/board.json", BOARD_JSON))

    def tearDown(self):
        for name in os.listdir(os.path.join(SDK, "build")):
            if re.fullmatch(r"my-board-(debug|release)-[0-9a-f]{8}", name):
                shutil.rmtree(os.path.join(SDK, "build", name))
        super().tearDown()

    def test_hello_runs_on_a_board_in_a_folder_of_its_own(self):
        board = self.make()
        result = self.toro("run", "hello", "--board", board, "--timeout", "60", limit=900)
        self.assertEqual((0, HELLO.format("my-board")), (result.status, result.out), str(result))
        self.assertIn(" -m 32 ", self.toro("run", "hello", "--board", board, "--print-command").out)
        search = {"TORO_BOARDS": os.path.dirname(board)}
        result = self.toro("run", "hello", "--board", "my-board", "--timeout", "60", limit=900, environment=search)
        self.assertEqual((0, HELLO.format("my-board")), (result.status, result.out), str(result))
        boards = {board["name"]: board for board in json.loads(self.toro("boards", "--json", environment=search).out)}
        self.assertEqual(board, boards["my-board"]["directory"])
        self.assertEqual(["debug", "release"], boards["my-board"]["configs"])

    def test_what_is_wrong_with_a_board_is_said(self):
        self.refused(self.toro("run", "hello", "--board", self.folder + "/none"), "none/board.json")
        board = self.make()
        self.file("boards/my-board/board.json", BOARD_JSON.replace("qemu-microvm", "no-such"))
        self.refused(self.toro("run", "hello", "--board", board), '"like" was expected to name a board', "no-such")
        self.refused(self.toro("run", "hello", environment={"TORO_BOARDS": self.folder + "/none"}), "TORO_BOARDS",
                     status=125)
        self.refused(self.toro("build", "hello", "--board", "qemu-microvn"), "did you mean qemu-microvm?", status=2)


class Variants(harness.Case):
    """The printed command, changed, in a shell."""

    def boot(self, board, change):
        run = os.path.join(self.folder, "machine")
        os.makedirs(run, exist_ok=True)
        line = self.toro("run", "hello", "--board", board, "--print-command").out.strip()
        line = change(line.replace("RUN=$(mktemp -d)", f"RUN={run}"))
        log = os.path.join(run, "guest_errors")
        shell = self.start("-c", f"{line} -d guest_errors -D {log}", program="/bin/sh")
        out, err = shell.communicate(timeout=120)
        with open(log) as stream:
            self.assertEqual("", stream.read())
        with open(os.path.join(run, "exit"), "rb") as stream:
            self.assertEqual(b"\0", stream.read()[-1:], out + err)
        return out.decode(), shell.returncode

    def test_microvm_with_acpi(self):
        result = self.toro("run", "hello", "--board", "microvm-acpi", "--timeout", "60", limit=900)
        self.assertEqual((0, HELLO.format("microvm-acpi")), (result.status, result.out), str(result))
        # By the command line, with devices of both versions.
        for machine in ("acpi=on", "acpi=off"):
            for legacy in ("false", "true"):
                with self.subTest(machine=machine, legacy=legacy):
                    out, _ = self.boot("microvm-acpi", lambda line: line.replace("acpi=on", machine).replace(
                        "force-legacy=false", "force-legacy=" + legacy).replace("-serial chardev:console ", ""))
                    self.assertEqual(HELLO.format("microvm-acpi"), out)

    def test_microvm_goes_off_by_acpi(self):
        self.toro("build", "hello", "--board", "microvm-acpi", limit=900)
        begin = time.monotonic()
        _, status = self.boot("microvm-acpi",
                              lambda line: line.replace("-device isa-debug-exit,iobase=0xf4,iosize=1", ""))
        self.assertEqual(0, status)
        self.assertLess(time.monotonic() - begin, 60)

    def test_qemu_microvm_says_what_it_does_not_know(self):
        self.toro("build", "hello", limit=900)
        out, _ = self.boot("qemu-microvm", lambda line: line.replace("force-legacy=false", "force-legacy=true"))
        self.assertIn("version 1 (legacy)", out)
        self.assertIn(HELLO.format("qemu-microvm"), out.replace("\r", ""))  # by the serial line

    def test_pc_with_legacy_devices(self):
        self.toro("build", "hello", "--board", "kvm-pc", limit=900)
        out, _ = self.boot("kvm-pc", lambda line: line.replace(
            "virtio-serial-pci-non-transitional", "virtio-serial-pci,disable-modern=on").replace(
            "-serial chardev:console ", ""))
        self.assertEqual(HELLO.format("kvm-pc"), out)


if __name__ == "__main__":
    harness.main()
