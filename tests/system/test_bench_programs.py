"""The benchmarks' programs do what their readers rely on: a line for each case, in the form that measure.hpp tells."""

import os
import re
import socket
import unittest
from http.client import HTTPConnection

from harness import GUEST_READY, SDK, Case, echo
from test_sockets import free_port

PROGRAMS = os.path.join(SDK, "build/qemu-microvm-debug/tests/bench/programs")
MEASURED = re.compile(r"toro-bench (\S+) ([1-9]\d*) (\d+) (\d+)")
SKIPPED = re.compile(r"toro-bench-skip (\S+) \S.*")


class BenchPrograms(Case):
    def run_program(self, name, *words, cores=1, options=()):
        image = os.path.join(PROGRAMS, name, f"bench-{name}.elf")
        return self.toro("run", image, "--accel", "tcg", "--cores", str(cores), "--timeout", str(GUEST_READY), *options, "--",
                         *words)

    def cases(self, name):
        """All cases, which the program names when it is asked for another."""
        refused = self.run_program(name, "no-such-case")
        self.assertEqual(2, refused.status, refused)
        return refused.out.split("expected names of these cases:")[1].split()

    def measured(self, result):
        """The cases that were measured and those that were skipped; no other line may be there."""
        self.assertEqual(0, result.status, result)
        measured, skipped = [], []
        for line in result.out.splitlines():
            if match := MEASURED.fullmatch(line):
                measured.append(match[1])
            elif match := SKIPPED.fullmatch(line):
                skipped.append(match[1])
            else:
                self.fail(f"not a line of a benchmark: {line!r}\n{result}")
        return measured, skipped

    def check(self, name, cores=1, skipped=(), options=()):
        cases = self.cases(name)
        expected = [case for case in cases if case not in skipped]
        self.assertEqual((expected, list(skipped)), self.measured(self.run_program(name, "--quick", cores=cores, options=options)))

    def test_boot(self):
        self.assertEqual((["boot"], []), self.measured(self.run_program("boot")))

    def test_threads(self):
        self.check("threads")

    def test_syscall(self):
        self.check("syscall")

    def test_block(self):
        self.check("block", options=("--disk", "8M"))
        without = self.measured(self.run_program("block", "--quick"))
        self.assertEqual(([], self.cases("block")), without)

    def test_files(self):
        share = os.path.join(self.folder, "share")
        os.mkdir(share)
        disk = os.path.join(self.folder, "disk.img")
        self.assertEqual(0, self.toro("image", "make-disk", share, "--size", "32M", "--output", disk).status)
        self.check("files", options=("--disk", disk, "--share", share))
        without = self.measured(self.run_program("files", "--quick"))
        self.assertEqual(([], self.cases("files")), without)

    def test_net(self):
        http, echoes = free_port(), free_port()
        datagrams = free_port(socket.SOCK_DGRAM)
        guest = self.start("run", os.path.join(PROGRAMS, "net/bench-net.elf"), "--accel", "tcg", "--forward", f"{http}:80",
                           "--forward", f"{echoes}:7", "--forward", f"udp:{datagrams}:7")
        self.console_until(guest, "serving")
        for path, size in (("/", 128), ("/1m", 1 << 20)):
            for end, requests in (("keep-alive", 2), ("close", 1)):
                connection = HTTPConnection("127.0.0.1", http, timeout=GUEST_READY)
                for _ in range(requests):
                    connection.request("GET", path, headers={"Connection": end})
                    self.assertEqual(b"x" * size, connection.getresponse().read())
                connection.close()
        self.assertEqual(*echo(("127.0.0.1", echoes), 1, 10, GUEST_READY))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
            datagram.settimeout(GUEST_READY)
            datagram.connect(("127.0.0.1", datagrams))
            datagram.send(b"to and fro")
            self.assertEqual(b"to and fro", datagram.recv(100))

    def test_heap_of_one_core(self):
        self.check("heap", skipped=["cross-core"])

    def test_heap_of_two_cores(self):
        self.assertEqual((["cross-core"], []), self.measured(self.run_program("heap", "--quick", "cross-core", cores=2)))

    def test_cores(self):
        self.check("cores", cores=2)

    def test_repetitions(self):
        once = ["null"]
        self.assertEqual((3 * once, []), self.measured(self.run_program("syscall", "--repeat", "3", "null")))


if __name__ == "__main__":
    unittest.main()
