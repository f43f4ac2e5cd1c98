"""The Linux guest that a benchmark's figures are compared with: Debian's cloud kernel, and one static program as /init.

Nothing is installed: the kernel's package is downloaded and unpacked into a build folder. The kernel is taken out of its
bzImage, so that QEMU enters it by PVH, as it enters Toro, and no time goes into a boot loader and decompression.
"""
import functools
import json
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]

# What boots fastest among what was tried, in instructions of a boot (-icount shift=0) on one core of microvm:
# 1,411 million with nothing but console and panic; loglevel=1 (only emergencies are printed): 1,409; cryptomgr.notests
# (the ciphers' self-tests) as well: 528. mitigations=off, audit=0, random.trust_cpu, noreplace-smp, pci=off, i8042.*,
# 8250.nr_uarts=1, no_timer_check and rcupdate.rcu_expedited=1 change less than 1.5 percent, and some of them are what a
# user would not give up. The bzImage instead of the ELF file in it: 630.
# panic=-1: a panic resets at once, which ends a QEMU with -no-reboot.
COMMAND_LINE = "console=ttyS0 panic=-1 loglevel=1 cryptomgr.notests"

# Differences to the board: by ACPI the kernel, which reads no MP table, finds the other cores and the serial line's IRQ.
MACHINE_OPTIONS = {"acpi=off": "acpi=on"}

# The pc board's devices, until the SDK has that board.
PC = {
    "emulator": "qemu-system-x86_64",
    "machine": "pc",
    "cpu": {"tcg": "max", "kvm": "host"},
    "arguments": ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"],
    "channels": {"console": ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]},
}


@dataclass(frozen=True)
class Module:
    """A driver of Debian's kernel, by its path among the modules, and its parameters as insmod takes them."""
    path: str
    parameters: str = ""


# What Debian's kernel needs for a disk, in the order of loading.
VIRTIO_MODULES = tuple(map(Module, (
    "drivers/virtio/virtio_ring", "drivers/virtio/virtio", "drivers/virtio/virtio_pci_legacy_dev",
    "drivers/virtio/virtio_pci_modern_dev", "drivers/virtio/virtio_pci", "drivers/virtio/virtio_mmio", "drivers/block/virtio_blk")))

# For a network.
NETWORK_MODULES = (*VIRTIO_MODULES, *map(Module, ("net/core/failover", "drivers/net/net_failover", "drivers/net/virtio_net")))

# And for a shared folder. ext2 needs none: it is built in, as a part of ext4.
SHARE_MODULES = (*VIRTIO_MODULES, Module("fs/fuse/fuse"), Module("fs/fuse/virtiofs"))


def ide_modules(libata_parameters=""):
    return (Module("drivers/scsi/scsi_common"), Module("drivers/scsi/scsi_mod"), Module("drivers/ata/libata", libata_parameters),
            Module("drivers/scsi/sd_mod"), Module("drivers/ata/ata_piix"))


MACHINES = ("qemu-microvm", "kvm-pc")
# With a disk there is one more: the same PC with IDE.
DISK_MACHINES = (*MACHINES, "kvm-pc-emulated")


class LinuxGuestError(Exception):
    """The reference could not be made: the text says what was expected and what was found."""


@dataclass(frozen=True)
class LinuxGuest:
    kernel: Path      # an ELF file with a PVH entry
    initramfs: Path
    command_line: str
    version: str      # the kernel's Debian package, such as linux-image-6.1.0-56-cloud-amd64

    def command(self, machine="qemu-microvm", cores=1, memory_mib=256, arguments=(), accelerator="tcg", icount=False,
                devices=()):
        """QEMU's command line, with "$RUN" for the run's own directory as `toro run --print-command` has it: in it the
        file "exit" gets the program's exit status as one byte. `machine` is one of DISK_MACHINES; `arguments` are the
        program's. 80 MiB are enough for the kernel. `devices` are QEMU's words for disks and
        shared folders. With `icount`, ticks and virtual nanoseconds are instructions."""
        microvm = json.loads((ROOT / "boards/qemu-microvm/board.json").read_text())
        board = {"qemu-microvm": microvm, "kvm-pc": PC, "kvm-pc-emulated": PC}[machine]  # MACHINES
        options = ",".join(MACHINE_OPTIONS.get(option, option) for option in board["machine"].split(","))
        if any(word.startswith("memory-backend-memfd,id=ram") for word in devices):
            options += ",memory-backend=ram"
        append = " ".join([self.command_line, *_clock(accelerator, icount), "--", *arguments])
        words = [board["emulator"], "-M", options, "-accel", accelerator, "-cpu", board["cpu"][accelerator],
                 "-m", str(memory_mib), "-smp", str(cores), *board["arguments"], "-kernel", str(self.kernel),
                 "-initrd", str(self.initramfs), "-append", append, *board["channels"]["console"],
                 *microvm["channels"]["exit"], *devices, *(["-icount", "shift=0"] if icount else [])]
        return [word.replace("${run}", "$RUN") for word in words]


def _clock(accelerator, icount):
    """Tells the kernel the TSC's rate, and that it can be trusted. Under KVM it asks kvmclock. Emulated it measures against
    a timer, which fails now and then on a busy host, and microvm has no other: the boot hangs. And what it has not been
    told to trust it gives up for a clock of 4 ms, without exact timers."""
    if accelerator == "kvm":
        return []
    return ["tsc=reliable", f"tsc_early_khz={1_000_000 if icount else _host_tsc_khz()}"]


@functools.cache
def _host_tsc_khz():
    """The rate of the host's TSC, which is the emulated guest's."""
    with tempfile.TemporaryDirectory(prefix="toro-bench-") as folder:
        return int(_run([build_host_program(HERE / "tsc_rate.cpp", folder)]))


def prepare(build_folder, program_binary, modules=()):
    """The guest that runs a static program as /init, which finds the modules in /modules. Downloads the kernel unless the
    build folder has it."""
    build_folder = Path(build_folder)
    build_folder.mkdir(parents=True, exist_ok=True)
    kernel = _kernel(build_folder)
    program_binary = Path(program_binary)
    variant = "-".join([program_binary.name, *(f"{Path(module.path).name}{module.parameters}" for module in modules)])
    initramfs = build_folder / f"{variant}.cpio"
    _write(initramfs, _initramfs(program_binary.read_bytes(), _module_files(build_folder / "modules", modules)))
    return LinuxGuest(kernel, initramfs, COMMAND_LINE, kernel.stem)


def build_program(source_folder, build_folder):
    """Compiles a program of tests/bench/programs for Linux: all .c and .cpp files of its folder, statically linked, with
    what makes it an /init. Returns the binary's path.

    The compiler is the one that compiles it for Toro, so that a difference is one of kernel and libraries; those are
    Debian's own, glibc and libstdc++, as a user of Debian has them."""
    source_folder, build_folder = Path(source_folder), Path(build_folder)
    build_folder.mkdir(parents=True, exist_ok=True)
    sources = sorted(file for file in source_folder.iterdir() if file.suffix in (".c", ".cpp"))
    binary = build_folder / f"linux-{source_folder.name}"
    programs = HERE.parent / "programs"
    _run([_compiler(), "-std=c++23", "-O2", "-static", "-pthread", "-Wall", "-Wextra", "-Werror", f"-I{programs}",
          f"-I{programs / 'platform/linux'}", *sources, HERE / "init.cpp", "-o", binary])
    return binary


def build_host_program(source, build_folder):
    """Compiles a program of one source for this host. Returns the binary's path."""
    Path(build_folder).mkdir(parents=True, exist_ok=True)
    binary = Path(build_folder, source.stem)
    _run([_compiler(), "-std=c++23", "-O2", "-Wall", "-Wextra", "-Werror", source, "-o", binary])
    return binary


def _compiler():
    for line in (ROOT / "sdk/packages.txt").read_text().splitlines():
        if line.startswith("llvm "):
            for version in line.split()[1:]:
                if found := shutil.which(f"clang++-{version}"):
                    return found
    raise LinuxGuestError("clang++ was expected in a version that sdk/packages.txt lists; `toro setup` installs it")


def _run(command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, **options)
    if done.returncode != 0:
        raise LinuxGuestError(f"{command[0]} ended with status {done.returncode}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace")


def _write(path, content):
    """Writes a file at once: who looks meanwhile sees the old one, or none."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).rename(path)


def _kernel(build_folder):
    modules = build_folder / "modules"
    wanted = [module.path for module in (*SHARE_MODULES, *NETWORK_MODULES, *ide_modules())]
    if (present := sorted(build_folder.glob("linux-image-*.elf"))) and all((modules / f"{path}.ko").exists() for path in wanted):
        return present[-1]
    depends = _run(["apt-cache", "depends", "linux-image-cloud-amd64"])
    packages = [word for word in depends.split() if word.startswith("linux-image-") and word[len("linux-image-")].isdigit()]
    if not packages:
        raise LinuxGuestError("apt knows no linux-image-cloud-amd64: this reference needs Debian's package lists "
                              "(apt-get update)")
    with tempfile.TemporaryDirectory(dir=build_folder) as folder:
        _run(["apt-get", "download", packages[0]], cwd=folder)
        [archive] = Path(folder).glob("*.deb")
        _run(["dpkg-deb", "-x", archive, Path(folder, "root")])
        [image] = Path(folder, "root/boot").glob("vmlinuz-*")
        [all_modules] = Path(folder).glob("root/lib/modules/*/kernel")
        for path in wanted:
            (modules / path).parent.mkdir(parents=True, exist_ok=True)
            _write(modules / f"{path}.ko", (all_modules / f"{path}.ko").read_bytes())
        kernel = build_folder / f"{packages[0]}.elf"
        _write(kernel, uncompressed(image.read_bytes()))
    return kernel


def uncompressed(image):
    """The ELF file within a bzImage. [Linux Documentation/arch/x86/boot.rst: setup_sects, payload_offset]"""
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (image[0x1f1] + 1) * 512 + offset
    payload = image[start:start + length]
    if payload[:4] != b"\x02\x21\x4c\x18":
        raise LinuxGuestError(f"the kernel was expected to be compressed by LZ4, its payload starts with {payload[:4].hex()}")
    kernel, at = bytearray(), 4
    while at < len(payload) - 4:  # the last four bytes are the size of the kernel
        size = int.from_bytes(payload[at:at + 4], "little")
        kernel += _lz4_block(payload[at + 4:at + 4 + size])
        at += 4 + size
    if len(kernel) != int.from_bytes(payload[-4:], "little"):
        raise LinuxGuestError(f"the kernel did not decompress to the size it tells: {len(kernel)} bytes")
    return bytes(kernel)


def _lz4_block(block):
    """[lz4_Block_format.md]"""
    output, at = bytearray(), 0

    def extended(length):
        nonlocal at
        if length == 15:
            while block[at] == 255:
                length, at = length + 255, at + 1
            length, at = length + block[at], at + 1
        return length

    while True:
        token, at = block[at], at + 1
        literals = extended(token >> 4)
        output += block[at:at + literals]
        at += literals
        if at >= len(block):
            return output
        distance, at = block[at] | block[at + 1] << 8, at + 2
        length = extended(token & 15) + 4
        source = output[-distance:]
        output += (source * (length // distance + 1))[:length] if length > distance else source[:length]


def _module_files(folder, modules):
    """Names and contents, as programs/platform/linux/disk.hpp wants them: in the order of their names, parameters beside."""
    for number, module in enumerate(modules):
        yield f"{number:02}.ko", (folder / f"{module.path}.ko").read_bytes()
        yield f"{number:02}.parameters", module.parameters.encode()


def _initramfs(program, modules):
    """An archive of the program, its modules, and the console that it is started with. [Linux Documentation/driver-api/early-userspace/
    buffer-format.rst]"""
    directory, character_device, executable, plain = 0o040755, 0o020600, 0o100755, 0o100644
    archive = b""
    files = [("dev", directory, b"", 0, 0), ("dev/console", character_device, b"", 5, 1), ("init", executable, program, 0, 0),
             ("modules", directory, b"", 0, 0),
             *((f"modules/{name}", plain, content, 0, 0) for name, content in modules),
             ("TRAILER!!!", 0, b"", 0, 0)]
    for number, (name, mode, content, major, minor) in enumerate(files, 1):
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, major, minor, len(name) + 1, 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        archive += header + bytes(-len(header) % 4) + content + bytes(-len(content) % 4)
    return archive
