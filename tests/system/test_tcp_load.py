"""Many connections, and those who mean harm: the server goes on serving others, and memory returns."""

import http.client
import os
import random
import socket
import threading
import time
import unittest

import harness
import tap_network

wire = None
PATIENCE = 60  # seconds for an answer: the machine may be loaded
BURST = 100  # SYNs, which the tap device's queue has room for
NEIGHBOUR = "10.9.0.3"  # beside the host
MANY = 900  # connections; a process in the guest has 1024 descriptors


def setUpModule():
    global wire
    tap_network.enter()
    import wire


class Load(harness.Case):
    def setUp(self):
        super().setUp()
        tap_network.make("guest", tap_network.HOST)
        self.addCleanup(tap_network.ip, "link", "delete", "guest")

    def serve(self):
        guest = self.start("run", "static-web-server", "--net", tap_network.option("guest"), "--", "80")
        self.console_until(guest, "serving at port 80\n")
        return guest

    def fetch(self):
        client = http.client.HTTPConnection(tap_network.GUEST, 80, timeout=PATIENCE)
        client.request("GET", "/")
        answer = client.getresponse()
        self.assertEqual(200, answer.status)
        answer.read()
        client.close()

    def test_who_comes_while_a_listener_is_flooded_is_served(self):
        guest = self.serve()
        self.fetch()
        line = wire.Wire("guest", NEIGHBOUR)
        self.addCleanup(line.close)
        line.learn()
        source = random.Random(1)
        # Of others than the neighbours: the answers go to the gateway, which drops them.
        frames = [bytes(wire.Ether(src=wire.MAC, dst=line.mac) /
                        wire.IP(src=f"198.18.{source.randrange(256)}.{source.randrange(1, 255)}", dst=tap_network.GUEST) /
                        wire.TCP(sport=source.randrange(1024, 65536), dport=80, flags="S", seq=source.getrandbits(32),
                                 options=[("MSS", 1460)])) for _ in range(1000)]
        stop = threading.Event()
        sent = 0

        def flood():
            nonlocal sent
            while not stop.is_set():
                for at in range(0, len(frames), BURST):
                    for frame in frames[at:at + BURST]:
                        line.socket.send(frame)
                    sent += BURST
                    line.learn()  # the guest has seen them: a queue that is always full is no matter of TCP
                    if stop.is_set():
                        return

        thread = threading.Thread(target=flood, daemon=True)
        thread.start()
        began = time.monotonic()
        count = 0
        try:
            while sent < 20_000 or count < 20:
                self.fetch()
                count += 1
        finally:
            stop.set()
            thread.join()
        print(f"{count} requests answered during {sent} SYNs, {time.monotonic() - began:.1f} s", flush=True)
        self.assertIsNone(guest.poll())

    def test_who_says_nothing_for_long_keeps_nobody_from_being_served(self):
        guest = self.serve()
        slow = []
        for _ in range(100):
            slow.append(socket.create_connection((tap_network.GUEST, 80), timeout=PATIENCE))
            slow[-1].send(b"GET / HTTP/1.1\r\nHost: x\r\n")
        for _ in range(10):
            self.fetch()
            for one in slow:
                one.send(b"X: y\r\n")
        for one in slow:
            one.close()
        self.fetch()
        self.assertIsNone(guest.poll())

    def test_memory_returns_when_connections_have_gone(self):
        folder = harness.build_targets("qemu-microvm", "tcp-peer")
        guest = self.start("run", os.path.join(folder, "tests/guest/tcp-peer/tcp-peer.elf"), "--net",
                           tap_network.option("guest"))
        self.console_until(guest, "ready\n")
        orders = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        orders.settimeout(PATIENCE)
        orders.connect((tap_network.GUEST, 9))
        self.addCleanup(orders.close)

        def order(text):
            orders.send(text.encode())
            return orders.recv(1000).decode()

        def once(count):
            """`count` connections, over each of which bytes go both ways; how much memory they took in the end."""
            ends = []
            for i in range(count):
                ends.append(socket.create_connection((tap_network.GUEST, 80), timeout=PATIENCE))
                if i % 100 == 99:
                    order("accept 0")
            order("accept 0")
            for end in ends:
                end.send(b"x" * 1000)
                port = end.getsockname()[1]
                self.assertEqual("500", order(f"send {port} 500"))
                while (got := order(f"read {port}")) == "nothing yet":
                    pass
                self.assertEqual("1000", got)
            taken = int(order("memory"))
            for end in ends:
                port = end.getsockname()[1]
                end.close()
                self.assertEqual("done", order(f"close {port}"))
            return taken

        once(MANY)  # tables grow at the first time
        before = int(order("memory"))
        taken = once(MANY)
        after = int(order("memory"))
        print(f"{MANY} connections: {before} bytes before, {taken} while they were there, {after} afterwards", flush=True)
        self.assertGreater(taken, before)
        self.assertLessEqual(after, before + 4096)
        self.assertEqual("done", order("end"))


if __name__ == "__main__":
    harness.main()
