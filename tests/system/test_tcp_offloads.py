"""What a guest leaves to its device: checksums and segmentation, both ways, over a tap device whose end is the host itself."""

import json
import os
import subprocess

import harness
import tap_network

BYTES = int(os.environ.get("TORO_OFFLOAD_BYTES", str(16 << 20)))
PATIENCE = 120  # seconds without a byte: the machine may be loaded
MTU_FRAME = 1514


def setUpModule():
    tap_network.enter()


class Offloads(harness.Case):
    def setUp(self):
        super().setUp()
        tap_network.make("guest", tap_network.HOST)
        self.addCleanup(tap_network.ip, "link", "delete", "guest")

    def frame_sizes(self, offloads):
        """The mean lengths of frames from the guest and to it, while bytes are sent and come back equal."""
        folder = harness.build_targets("qemu-microvm", "echo")
        guest = self.start("run", os.path.join(folder, "tests/guest/echo/echo.elf"), "--net",
                           tap_network.option("guest", offloads), "--", "serve", "7", "1")
        self.console_until(guest, "listening at port 7\n")
        self.assertEqual(*harness.echo((tap_network.GUEST, 7), 1, BYTES, PATIENCE))
        guest.communicate(timeout=PATIENCE)
        self.assertEqual(0, guest.returncode)
        shown = subprocess.run(["ip", "-s", "-j", "link", "show", "guest"], check=True, capture_output=True, text=True)
        counters = json.loads(shown.stdout)[0]["stats64"]
        return [counters[way]["bytes"] / counters[way]["packets"] for way in ("rx", "tx")]

    def test_segments_go_and_come_in_large_pieces(self):
        for mean in self.frame_sizes(True):
            self.assertGreater(mean, 2 * MTU_FRAME)

    def test_a_host_that_wants_finished_frames_gets_them(self):
        for mean in self.frame_sizes(False):
            self.assertLessEqual(mean, MTU_FRAME)


if __name__ == "__main__":
    harness.main()
