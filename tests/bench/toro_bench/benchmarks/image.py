"""What images weigh."""
import json

from toro_bench.elf import Image
from toro_bench.model import Group, Row, Sample, Turn

TITLE = "what images weigh"
ABOUT = ("Release images by name, linked with `--gc-sections`. In the file: by unit, as `toro size` has it, without what "
         "is zero at the start. Linux is its kernel, uncompressed, and an initramfs of one static program.")


def _bytes(key, what, value, series=None):
    return Sample(Row(key, what, "bytes", exact=True), value, series)


def groups(bench):
    def sized(name, config="release"):
        return json.loads(bench.toro("size", bench.image(name, config), "--config", config, "--json"))

    def parts(name):
        size = sized(name)
        yield _bytes("stripped", "stripped image", size["stripped_bytes"])
        for section in Image(size["elf"]).sections:
            if section.address and section.size:
                yield _bytes(f"section.{section.name}", f"section {section.name}", section.size)
        for unit, sizes in sorted(size["units"].items()):
            if in_file := sizes["code"] + sizes["constants"] + sizes["data"]:
                yield _bytes(f"unit.{unit}", f"unit {unit}", in_file)

    def stub(name):
        sizes = sized(name, "debug")["units"]
        stub = sizes["gdbstub"]
        yield _bytes("stub", "debug image: the stub's share", stub["code"] + stub["constants"] + stub["data"])
        total = sum(unit["code"] + unit["constants"] + unit["data"] for unit in sizes.values())
        yield _bytes("debug", "debug image: code, constants, data", total)

    def linux():
        guest = bench.linux("programs/boot")
        yield _bytes("stripped", "stripped image", guest.kernel.stat().st_size + guest.initramfs.stat().st_size)

    def turns_of(name):
        return [Turn(name, lambda: parts(name)), Turn(name, lambda: stub(name))]

    turns = [turn for name in ("bench-c-hello", "bench-cxx-hello", *bench.samples) for turn in turns_of(name)]
    floor = Turn("floor", lambda: [_bytes("stripped", "stripped image", bench.floor().stat().st_size)])
    yield Group([*turns, floor, Turn("linux", linux)], exact=True)
