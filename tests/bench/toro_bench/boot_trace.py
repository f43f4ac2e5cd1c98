"""Counts the instructions that a guest executes from its entry until its first line is printed, by stage and function.

With -singlestep QEMU translates one instruction at a time, and `-d exec,nochain` logs each before it executes; the
event virtio_console_flush_buf stands in the same log where bytes leave for the console. So the count is exact, needs
nothing of the guest, and is the same in every run. -icount shift=0 lets virtual time go by instructions, so that
waiting costs what it takes. Under it QEMU starts an access to a device again ("rewound"): logged twice, executed once.
Firmware is left out by -dfilter. What executes beyond the image as it was loaded is the image where it has moved, and
begins there with toro_start; -seed lets it move to the same place in every run. The count agrees with the difference of the guest's TSC, which is the same number
under -icount shift=0.
"""
import collections
import re

from toro_bench.guest import Guest
from toro_bench.model import Measurement

_TRACE = re.compile(r"Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/")
_FLUSH = re.compile(r"virtio_console_flush_buf port \d+, in_len \d+, out_len (\d+)")


class BootTrace:
    """total; stages: [(name, instructions)] in order; functions: Counter by name."""

    MAIN = "main, to the line"  # the last stage

    def __init__(self, image, command):
        line, log = self._run(image, command)
        stages = image.boot_stages()
        main = image.symbols.get("main")
        name = "entry"
        by_stage = collections.Counter()
        by_address = collections.Counter()
        printed = 0
        distance = None
        for text in log.splitlines():
            if traced := _TRACE.match(text):
                address = int(traced[1], 16)
                if not image.low <= address < image.high:
                    if distance is None:
                        distance = address - image.symbols["toro_start"]
                    address -= distance
                name = self.MAIN if address == main else stages.get(address, name)
                by_stage[name] += 1
                by_address[address] += 1
            elif text.startswith("cpu_io_recompile"):
                by_stage[name] -= 1
                by_address[address] -= 1
            elif flushed := _FLUSH.match(text):
                printed += int(flushed[1])
                if printed > len(line):
                    break
        else:
            raise Measurement("the log does not show the line leave by the virtio console")
        self.stages = list(by_stage.items())
        self.total = sum(by_stage.values())
        self.functions = collections.Counter()
        for address, count in by_address.items():
            self.functions[image.function_at(address)] += count

    @staticmethod
    def _run(image, command):
        extra = ["-seed", "1", "-icount", "shift=0", "-singlestep", "-d", "exec,nochain,trace:virtio_console_flush_buf",
                 "-dfilter", f"{image.low:#x}..{2**30 - 1:#x}", "-D", "$RUN/log"]
        with Guest(command, extra) as guest:
            line = guest.line(timeout=60)
            guest.end(timeout=60)
            return line, guest.file("log").read_text(errors="replace")
