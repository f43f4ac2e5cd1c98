"""What others' programs see of a guest on a tap device; and what Wireshark's experts say of the frames."""

import json
import os
import re
import shutil
import subprocess
import unittest

import captures
import harness
import tap_network

PATIENCE = 120
fetched = None


def setUpModule():
    global fetched
    fetched = subprocess.run([os.path.join(harness.SDK, "tests/system/fetch_iperf3")], capture_output=True, text=True)
    tap_network.enter()  # after which there is no way to a mirror


class Tapped(harness.Case):
    def setUp(self):
        super().setUp()
        tap_network.make("guest", tap_network.HOST)
        self.addCleanup(tap_network.ip, "link", "delete", "guest")
        self.capture = os.path.join(self.folder, "frames.pcap")

    def run_program(self, *words):
        if shutil.which(words[0]) is None:
            self.skipTest(f"{words[0]} was expected in PATH")
        result = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(0, result.returncode, result.stdout + result.stderr)
        return result.stdout

    def no_faults(self, guest):
        guest.terminate()
        guest.wait(timeout=PATIENCE)
        captures.check(self.capture, tap_network.GUEST)


class Programs(Tapped):
    def serve(self, *words):
        guest = self.start("run", "static-web-server", "--net", tap_network.option("guest"), "--net-dump", self.capture, *words,
                           "--", "80")
        self.console_until(guest, "serving at port 80\n")
        return guest

    def test_curl_fetches_a_file(self):
        guest = self.serve()
        with open(os.path.join(harness.SDK, "samples/static-web-server/files/index.html")) as page:
            self.assertEqual(page.read(), self.run_program("curl", "-sS", f"http://{tap_network.GUEST}/"))
        self.no_faults(guest)

    def test_ab_connects_for_each_request_and_for_many(self):
        guest = self.serve()
        page = f"http://{tap_network.GUEST}/"
        self.assertRegex(self.run_program("ab", "-q", "-n", "500", "-c", "8", page), r"Failed requests: +0\n")
        said = self.run_program("ab", "-q", "-k", "-n", "500", "-c", "8", page)
        self.assertRegex(said, r"Failed requests: +0\n")
        self.assertRegex(said, r"Keep-Alive requests: +500\n")
        self.no_faults(guest)

    def test_wrk_finds_no_errors(self):
        guest = self.serve()
        said = self.run_program("wrk", "-t1", "-c32", "-d3s", f"http://{tap_network.GUEST}/")
        self.assertNotIn("Socket errors", said)
        self.assertNotIn("Non-2xx", said)
        self.assertGreater(int(re.search(r"(\d+) requests in", said)[1]), 0)
        self.no_faults(guest)

    def test_nmap_finds_the_port_that_is_open(self):
        guest = self.serve()
        said = self.run_program("nmap", "-n", "-Pn", "-sT", "-p", "79-82", tap_network.GUEST)
        self.assertRegex(said, r"80/tcp +open")
        for port in (79, 81, 82):
            self.assertRegex(said, rf"{port}/tcp +closed")
        if os.geteuid() == 0:
            said = self.run_program("nmap", "-n", "-Pn", "-sU", "-p", "7-9", tap_network.GUEST)
            for port in (7, 8, 9):
                self.assertRegex(said, rf"{port}/udp +closed")
        self.no_faults(guest)


class Iperf3(Tapped):
    """The guest is iperf3 itself, its own sources built for it; the host's is the distribution's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if fetched.returncode != 0:
            last = (fetched.stderr.splitlines() or ["it said nothing"])[-1]
            raise unittest.SkipTest(f"tests/system/fetch_iperf3 was expected to get iperf3's sources from a Debian mirror: {last}")
        cls.image = os.path.join(harness.build_targets("qemu-microvm", "iperf3"), "tests/guest/iperf3/iperf3.elf")

    def boot(self, *arguments):
        return self.start("run", self.image, "--net", tap_network.option("guest"), "--net-dump", self.capture, "--",
                          *arguments)

    def received(self, said, udp=False):
        """Bytes that an end got, by iperf3's own count."""
        end = json.loads(said[said.index("{"):])["end"]  # the kernel may say something before
        return end["sum"]["bytes"] * (100 - end["sum"]["lost_percent"]) / 100 if udp else end["sum_received"]["bytes"]

    def test_the_guest_serves_both_ways_by_tcp_and_udp(self):
        guest = self.boot("--server", "--forceflush")

        def ask(*options):
            self.console_until(guest, "Server listening on 5201")  # before that it is busy, and says so
            return self.run_program("iperf3", "--client", tap_network.GUEST, "--json", *options)

        for options in ((), ("--reverse",), ("--parallel", "4"), ("--reverse", "--zerocopy"), ("--bidir",)):
            with self.subTest(options):
                self.assertGreater(self.received(ask("--bytes", "20M", *options)), 1_000_000)
        for options in ((), ("--reverse",)):
            with self.subTest(options):
                said = ask("--time", "2", "--udp", "--bitrate", "2M", *options)
                self.assertGreater(self.received(said, udp=True), 300_000)
        self.no_faults(guest)

    def test_the_guest_asks_both_ways(self):
        for options in ((), ("--reverse",), ("--zerocopy",)):
            with self.subTest(options):
                server = subprocess.Popen(["iperf3", "--server", "--one-off", "--bind", tap_network.HOST],
                                          stdout=subprocess.DEVNULL)
                try:
                    guest = self.boot("--client", tap_network.HOST, "--json", "--time", "1", *options)
                    said, _ = guest.communicate(timeout=PATIENCE)
                    self.assertEqual(0, guest.returncode, said)
                    self.assertGreater(self.received(said.decode()), 1_000_000)
                    self.assertEqual(0, server.wait(timeout=PATIENCE))
                finally:
                    if server.poll() is None:
                        server.kill()
                        server.wait()
                self.no_faults(guest)


class Command(harness.Case):
    def test_a_tap_device_that_is_not_there_or_is_none_is_refused(self):
        self.refused(self.toro("run", "hello", "--net", "tap:nowhere"), "nowhere", "ip tuntap add")
        self.refused(self.toro("run", "hello", "--net", "tap:lo"), "lo", "is none")
        self.refused(self.toro("run", "hello", "--net", "tap:nowhere", "--forward", "8080:80"), "--forward")
        self.refused(self.toro("run", "hello", "--net", "tap:"), "tap:NAME")

    def test_a_tap_device_in_use_is_refused(self):
        cable = tap_network.open_cable("taken", "10.8.0.1")
        self.addCleanup(os.close, cable)
        self.refused(self.toro("run", "hello", "--net", "tap:taken"), "taken", "is in use")


if __name__ == "__main__":
    harness.main()
