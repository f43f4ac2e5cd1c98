"""Many connections, and those who mean harm: the server goes on serving others, and memory returns.

TORO_LOAD_REQUESTS sets how many requests the longest load has; TORO_LOAD_PATIENCE=1 has who floods waited for until the
last of what he began has been given up.
"""

import contextlib
import os
import random
import re
import select
import socket
import subprocess
import threading
import time
import unittest

import harness
import load_server
import tap_network

wire = None
PATIENCE = load_server.PATIENCE
SYNS = 4_000  # of as many connections
BURST = 100  # SYNs, which the tap device's queue has room for
NEIGHBOUR = "10.9.0.3"  # beside the host
PHANTOM = "10.9.0.4"  # an address that clients have, and lose
MANY = 10_000  # connections
IDLE = 1_000
BACKLOG = 1_024  # of load-server; twice as many are kept half-open, then SYN cookies are sent
REQUESTS = int(os.environ.get("TORO_LOAD_REQUESTS", "20000"))
HALF_OPEN = 183  # seconds after which a SYN's answer is given up: sent again after 1, 2, 4 … 32, 60 and 60 [RFC 9293 3.8.3]
CONNECTION_BYTES = 2048  # an idle connection takes no more
THREADS = 256  # of static-web-server
HALF = b"GET / HTTP/1.1\r\nHost: x\r\n"  # a request that goes on


def setUpModule():
    global wire
    tap_network.enter()
    import wire


class Load(harness.Case):
    def setUp(self):
        super().setUp()
        self.server = load_server.Server(tap_network.GUEST, 80)
        tap_network.renew()
        tap_network.make("guest", tap_network.HOST)

    def serve(self):
        guest = self.start("run", "static-web-server", "--net", tap_network.option("guest"), "--", "80")
        self.console_until(guest, "serving at port 80\n")
        return guest

    def serve_many(self, *words):
        guest = self.start("run", load_server.build(), "--memory", "256M", "--net", tap_network.option("guest"), "--",
                           "tcp", *words)
        self.console_until(guest, "serving\n")
        self.server.fetch()
        return guest

    def end(self, guest):
        guest.terminate()
        guest.wait(timeout=PATIENCE)

    def host_share(self, seconds):
        """Of a core of the host, what the machine monitor takes while nothing happens."""
        monitor, = (pid for pid, line in self.survivors().items() if line.startswith("qemu-system"))

        def used():
            """Seconds of all its threads."""
            total = 0
            for thread in os.listdir(f"/proc/{monitor}/task"):
                with open(f"/proc/{monitor}/task/{thread}/schedstat") as stat:
                    total += int(stat.read().split()[0])
            return total / 1e9

        before = used()
        time.sleep(seconds)
        return (used() - before) / seconds

    def test_who_comes_while_a_listener_is_flooded_is_served(self):
        guest = self.serve_many()
        before = self.server.memory()
        line = wire.Wire("guest", NEIGHBOUR)
        self.addCleanup(line.close)
        line.learn()
        source = random.Random(1)
        # Of others than the neighbours: the answers go to the gateway, which drops them.
        frames = [bytes(wire.Ether(src=wire.MAC, dst=line.mac) /
                        wire.IP(src=f"198.18.{source.randrange(256)}.{source.randrange(1, 255)}", dst=tap_network.GUEST) /
                        wire.TCP(sport=source.randrange(1024, 65536), dport=80, flags="S", seq=source.getrandbits(32),
                                 options=[("MSS", 1460)])) for _ in range(SYNS)]
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
            while sent < 2 * SYNS or count < 20:
                self.server.fetch()
                count += 1
        finally:
            stop.set()
            thread.join()
        taken = self.server.memory() - before
        print(f"{count} requests answered during {sent} SYNs, {time.monotonic() - began:.1f} s; {taken} bytes for them",
              flush=True)
        self.assertLess(taken, 2 * BACKLOG * CONNECTION_BYTES)
        if "TORO_LOAD_PATIENCE" in os.environ:
            self.server.memory_until(before, HALF_OPEN + PATIENCE)
            print(f"memory has returned {time.monotonic() - began:.0f} s after the first of them", flush=True)
        self.assertIsNone(guest.poll())

    def test_who_says_nothing_for_long_keeps_nobody_from_being_served(self):
        guest = self.serve_many()
        with self.server.connections(IDLE) as slow:
            for one in slow:
                one.send(HALF)
            for _ in range(10):
                self.server.fetch()
                for one in slow:
                    one.send(b"X: y\r\n")
        self.server.fetch()
        self.assertIsNone(guest.poll())

    def test_who_is_slow_makes_room_where_each_connection_has_a_thread(self):
        """Of a thousand slow clients, more than the server has threads, those that are waited for longest are let go."""
        guest = self.serve()
        with contextlib.ExitStack() as stack:
            slow = []
            for _ in range(IDLE // 100):
                slow += stack.enter_context(self.server.connections(100))
                for one in slow[-100:]:
                    one.send(HALF)
                self.server.fetch()
            began = time.monotonic()
            for _ in range(10):
                self.server.fetch()
            print(f"{IDLE} slow clients: a request takes {(time.monotonic() - began) / 10:.3f} s", flush=True)
            ended = select.poll()
            for one in slow:
                ended.register(one, select.POLLIN)
            self.assertGreaterEqual(len(ended.poll(0)), IDLE - THREADS)
        self.assertIsNone(guest.poll())

    def test_a_request_and_the_silence_before_it_have_limits(self):
        guest = self.serve()
        with self.server.connections(3) as (silent, slow, kept):
            began = time.monotonic()
            kept.sendall(load_server.REQUEST)
            slow.sendall(HALF)
            said, ended = {silent: b"", slow: b"", kept: b""}, {}
            while len(ended) < len(said):
                self.assertLess(time.monotonic() - began, PATIENCE)
                ready, _, _ = select.select(said.keys() - ended.keys(), [], [], 0.5)
                for one in ready:
                    try:
                        part = one.recv(65536)
                    except ConnectionResetError:  # a byte was on its way when it was let go
                        part = b""
                    said[one] += part
                    if not part:
                        ended[one] = time.monotonic() - began
                if slow not in ended and not said[slow]:
                    slow.send(b"X")
        self.assertEqual(b"", said[silent])
        self.assertIn(b"200 OK", said[kept])
        self.assertIn(b"408 Request Timeout", said[slow])
        print(f"let go after {ended[silent]:.1f} s of silence, {ended[kept]:.1f} s after a request, and after "
              f"{ended[slow]:.1f} s of a request that comes byte by byte", flush=True)
        self.server.fetch()
        self.assertIsNone(guest.poll())

    def test_ten_thousand_connections_are_open_at_once(self):
        guest = self.serve_many()
        empty = self.server.memory()
        with self.server.connections(MANY) as ends:
            idle = self.server.memory() - empty
            load_server.ask_all(ends)
            answered = self.server.memory() - empty
        left = self.server.memory_until(empty)
        print(f"{MANY} connections: {idle / MANY:.0f} bytes each, {answered / MANY:.0f} once each was answered; "
              f"{left - empty} bytes stay when they have gone", flush=True)
        self.assertLess(answered, MANY * CONNECTION_BYTES)
        self.assertLess(abs(answered - idle), MANY * 64)  # no buffers
        self.assertIsNone(guest.poll())

    def test_no_request_of_many_fails(self):
        guest = self.serve_many()
        done = 0
        while done < REQUESTS:
            run = subprocess.run(["wrk", "-c256", "-t2", f"-d{2 if REQUESTS < 100_000 else 30}s", "--timeout", f"{PATIENCE}s",
                                  f"http://{tap_network.GUEST}/"], capture_output=True, text=True, check=True)
            self.assertNotRegex(run.stdout, "Socket errors|Non-2xx", run.stdout)
            done += int(re.search(r"(\d+) requests in", run.stdout)[1])
        print(f"{done} requests of 256 connections, none failed", flush=True)
        self.assertIsNone(guest.poll())

    def test_an_idle_server_leaves_the_host_idle(self):
        for keep_alive in (0, 60):
            guest = self.serve_many(str(keep_alive))
            with self.server.connections(IDLE) as ends:
                share = self.host_share(10)
                print(f"{IDLE} idle connections, keep-alive {f'after {keep_alive} s' if keep_alive else 'off'}: "
                      f"{share:.2%} of a host core", flush=True)
                self.assertLess(share, 0.01)
                load_server.ask_all(ends)
            self.end(guest)

    def test_keep_alive_tells_who_is_there_from_who_has_vanished(self):
        """A storm of clients that are never heard of again is forgotten; those that are silent for as long are not."""
        guest = self.serve_many("1")
        with self.server.connections(100) as silent:
            before = self.server.memory()
            tap_network.ip("address", "add", f"{PHANTOM}/{tap_network.PREFIX}", "dev", "guest")
            with self.server.connections(IDLE, PHANTOM):
                tap_network.ip("address", "delete", f"{PHANTOM}/{tap_network.PREFIX}", "dev", "guest")
                self.server.fetch()
                self.server.memory_until(before)
            load_server.ask_all(silent)
        self.assertIsNone(guest.poll())


if __name__ == "__main__":
    harness.main()
