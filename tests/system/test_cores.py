"""Cores: every one of the machine starts and answers, whatever numbers and tables the machine has."""

import subprocess
import unittest

import harness
from harness import PROBE


class Cores(harness.Case):
    def machine(self, *replaced):
        """Runs the probe on a machine that `toro run` would not make: words of QEMU's command line are replaced."""
        line = self.toro("run", PROBE, "--cores", "6", "--print-command", "--", "cores").out
        for old, new in replaced:
            self.assertIn(old, line)
            line = line.replace(old, new)
        shell = self.start("-c", line, program="/bin/sh", stderr=subprocess.STDOUT)
        out, _ = shell.communicate(timeout=harness.GUEST_READY)
        return out.decode(errors="replace")

    def test_every_core_answers(self):
        for cores in (1, 2, 3, 8, 32, 64):
            with self.subTest(cores=cores):
                result = self.probe("run", "cores", options=("--cores", str(cores)))
                self.assertIn(f"{cores} of {cores} cores answered", result.out, str(result))
                self.assertEqual(0, result.status, str(result))

    def test_acpi_tells_of_apic_ids_with_gaps(self):
        out = self.machine(("acpi=off", "acpi=on"), ("-smp 6", "-smp 6,sockets=2,cores=3"))
        self.assertIn("6 of 6 cores answered", out)

    def test_a_core_that_is_not_there_is_named(self):
        # The firmware's MP table numbers APIC ids without the gap that the sockets leave.
        out = self.machine(("-smp 6", "-smp 6,sockets=2,cores=3"))
        self.assertIn("PANIC: core 3 (APIC id 3) has not started", out)

    def test_cores_that_may_come_later_are_not_counted(self):
        out = self.machine(("acpi=off", "acpi=on"), ("-smp 6", "-smp 6,maxcpus=9"))
        self.assertIn("6 of 6 cores answered", out)


if __name__ == "__main__":
    harness.main()
