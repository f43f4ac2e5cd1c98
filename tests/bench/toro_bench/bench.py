"""What benchmarks ask for: boards, images, and the command lines that boot them."""
import functools
import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from linux import linux_guest
from toro_bench.guest import with_kernel
from toro_bench.model import Measurement, NotHere

SDK_BOARD_DEFAULT = "qemu-microvm"
# Debian's cloud kernel does not boot in much less.
LINUX_MEMORY_MIB = 256


@dataclass(frozen=True)
class Board:
    name: str
    memory_mib: int
    minimum_memory_mib: int
    maximum_cores: int
    presets: tuple  # (config, preset) pairs


class Bench:
    """`short`: only what does not waver is measured. The images are those that `toro bench` has built."""

    def __init__(self, short):
        self.short = short
        self.root = Path(os.environ["TORO_SDK"])
        self.tool = os.environ["TORO"]
        self.sources = self.root / "tests/bench"
        self.boards = [Board(board["name"], board["memory_mib"], board["minimum_memory_mib"], board["maximum_cores"],
                             tuple(board["presets"].items())) for board in json.loads(self.toro("boards", "--json"))
                       # Others are built when they are asked for.
                       if board["presets"].get("release") == board["name"] + "-release"]
        self.board = next(board for board in self.boards if board.name == SDK_BOARD_DEFAULT)
        samples = json.loads(self.toro("samples", "--json"))
        self.samples = [sample["name"] for sample in samples]
        self.samples_without_devices = [sample["name"] for sample in samples if self._needs_no_device(sample)]
        command = self.command(self.image("bench-boot"), accelerator="auto")
        self.accelerator = command[command.index("-accel") + 1]

    def _needs_no_device(self, sample):
        description = json.loads((Path(sample["directory"]) / "sample.json").read_text())
        return self.board.name in sample["boards"] and not {"disks", "network"} & description.keys()

    def toro(self, *words):
        """What the command answers."""
        done = subprocess.run([self.tool, *(str(word) for word in words)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Measurement(f"toro {words[0]}: {done.stderr.strip()}")
        return done.stdout

    def build_folder(self, board, config):
        presets = dict(board.presets)
        if config not in presets:
            raise NotHere(f"board {board.name} has no configuration {config}")
        return self.root / "build" / presets[config]

    def image(self, name, config="release", board=None):
        """The image of an application of the SDK's tree."""
        description = self.build_folder(board or self.board, config) / "toro" / f"{name}.json"
        if not description.exists():
            raise Measurement(f"{description} was expected: the application is not built")
        return Path(json.loads(description.read_text())["elf"])

    def floor(self, board=None):
        return self.build_folder(board or self.board, "release") / "tests/bench/floor.elf"

    @functools.cache
    def command(self, image, arguments=(), board=None, cores=1, memory_mib=None, accelerator=None, disk=None, share=None,
                forwards=(), listen=False):
        """QEMU's command line for an image; without `accelerator` it is the one that times are measured with. `share` is a
        folder and `forwards` are ports, as `toro run` takes them; for a folder, and for ports of vsock, servers() are
        needed. `listen`: with the port for a debugger."""
        line = self._shell_line(image, arguments, board, cores, memory_mib, accelerator, disk, share, forwards, listen)
        return shlex.split(line.rpartition(" && ")[2])

    def servers(self, **devices):
        """What a shell does before QEMU starts, for a guest with such a folder or ports; "$RUN" is the run's directory."""
        line = self._shell_line(self.image("bench-boot"), **devices)
        return line.partition(" && ")[2].rpartition(" && ")[0]

    def _shell_line(self, image, arguments=(), board=None, cores=1, memory_mib=None, accelerator=None, disk=None, share=None,
                    forwards=(), listen=False):
        board = board or self.board
        if cores > board.maximum_cores:
            raise NotHere(f"not on this board: {cores} cores, {board.name} has {board.maximum_cores} at most")
        words = ["run", image, "--board", board.name, "--cores", cores, "--memory", f"{memory_mib or board.memory_mib}M",
                 "--accel", accelerator or self.accelerator, "--aslr", "off", *(("--disk", disk) if disk else ()),
                 *(("--share", share) if share else ()),
                 *(word for forward in forwards for word in ("--forward", forward)), *(("--listen", "0") if listen else ()), "--print-command", "--", *arguments]
        return self.toro(*words)

    def floor_command(self, **options):
        """The floor on the same machine as an image of the SDK."""
        board = options.get("board")
        return with_kernel(self.command(self.image("bench-boot", board=board), **options), self.floor(board))

    @functools.cache
    def _linux(self, source, modules):
        try:
            folder = self.root / "build/bench-linux"
            return linux_guest.prepare(folder, linux_guest.build_program(source, folder), modules)
        except (linux_guest.LinuxGuestError, OSError) as failure:
            raise Measurement(f"the Linux guest: {failure}") from None

    @functools.cache
    def host_program(self, source):
        """The program of a source below tests/bench, compiled for this host."""
        try:
            return str(linux_guest.build_host_program(self.sources / source, self.root / "build/bench-host"))
        except (linux_guest.LinuxGuestError, OSError) as failure:
            raise Measurement(f"{source}: {failure}") from None

    @staticmethod
    def has_linux(board):
        return board.name in linux_guest.MACHINES

    def linux(self, source, modules=()):
        """The Linux guest that runs the program of a folder below tests/bench, such as "programs/heap"."""
        return self._linux(self.sources / source, modules)

    def linux_command(self, source, arguments=(), board=None, cores=1, memory_mib=LINUX_MEMORY_MIB, icount=False,
                      modules=linux_guest.VIRTIO_MODULES, **devices):
        """`devices` are those of command(): disk, share, forwards."""
        board = board or self.board
        has_devices = bool(devices)
        machines = linux_guest.DISK_MACHINES if has_devices else linux_guest.MACHINES
        if board.name not in machines:
            raise NotHere(f"Linux is measured on {' and '.join(machines)}")
        guest = self.linux(source, modules if has_devices else ())
        words = self._device_words(board, memory_mib, devices) if has_devices else ()
        return guest.command(board.name, cores, memory_mib, tuple(arguments), "tcg" if icount else self.accelerator, icount,
                             words)

    def _device_words(self, board, memory_mib, devices):
        """QEMU's words for devices, as an image of the SDK gets them: what they add to its command."""
        image = self.image("bench-boot", board=board)

        def options(**devices):
            command = self.command(image, board=board, memory_mib=memory_mib, **devices)
            return [pair for pair in zip(command, command[1:])
                    if pair[0] in ("-object", "-blockdev", "-chardev", "-netdev", "-device")]

        plain = options()
        return tuple(word for pair in options(**devices) if pair not in plain for word in pair)
