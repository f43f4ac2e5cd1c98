"""Symbols, segments and boot stages of an image, read from its ELF file."""
import bisect
import struct
from dataclasses import dataclass


@dataclass
class Section:
    name: str
    kind: int
    address: int
    offset: int
    size: int
    link: int


class Image:
    """A 64-bit little-endian executable."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self._bytes = file.read()
        if self._bytes[:5] != b"\x7fELF\x02":
            raise ValueError(f"{path}: a 64-bit ELF file was expected")
        header = struct.unpack_from("<16sHHIQQQIHHHHHH", self._bytes)
        self.entry, segments, sections = header[4], header[5], header[6]
        segment_size, segment_count, section_size, section_count, names = header[9:14]
        loads = [struct.unpack_from("<IIQQQQQQ", self._bytes, segments + i * segment_size) for i in range(segment_count)]
        loads = [load for load in loads if load[0] == 1]
        self.low = min(load[3] for load in loads)
        self.high = max(load[3] + load[6] for load in loads)
        self.physical_end = max(load[4] + load[6] for load in loads)
        raw = [struct.unpack_from("<IIQQQQIIQQ", self._bytes, sections + i * section_size) for i in range(section_count)]
        self.sections = [Section(self._text(raw[names][4] + s[0]), s[1], s[3], s[4], s[5], s[6]) for s in raw]
        self._read_symbols()

    def _text(self, offset):
        return self._bytes[offset:self._bytes.index(b"\0", offset)].decode()

    def _read_symbols(self):
        self.symbols = {}
        functions = []
        for table in (s for s in self.sections if s.kind == 2):
            texts = self.sections[table.link].offset
            for offset in range(table.offset, table.offset + table.size, 24):
                name, info, _, place, value, _ = struct.unpack_from("<IBBHQQ", self._bytes, offset)
                if place == 0 or name == 0:
                    continue
                text = self._text(texts + name)
                self.symbols[text] = value
                if info & 15 == 2:
                    functions.append((value, text))
        functions.sort()
        self._function_addresses = [address for address, _ in functions]
        self._function_names = [name for _, name in functions]

    def function_at(self, address):
        """The name of the function that starts at or last before an address."""
        index = bisect.bisect_right(self._function_addresses, address) - 1
        return self._function_names[index] if index >= 0 else hex(address)

    def read(self, address, size):
        """Initialised bytes of a loaded section."""
        for section in self.sections:
            if section.kind == 1 and section.address <= address and address + size <= section.address + section.size:
                start = section.offset + address - section.address
                return self._bytes[start:start + size]
        raise ValueError(f"{self.path}: no initialised data at {address:#x}")

    def boot_stages(self):
        """{address of the stage's function: its name}, from what toro.ld collects [kernel/boot/stage.hpp]."""
        stages = {}
        begin, end = self.symbols["toro_boot_stages_start"], self.symbols["toro_boot_stages_end"]
        for (stage,) in struct.iter_unpack("<Q", self.read(begin, end - begin)):
            name, length, function = struct.unpack("<QQQ", self.read(stage, 24))
            stages[function] = self.read(name, length).decode()
        return stages
