"""Echoes over a bad network: what comes back is what was sent, and loss costs no more than it costs Linux.

TORO_RELAY_BYTES sets how much each echo has.
"""

import dataclasses
import os
import socket
import time
import unittest

import harness
import relay
import tap_network

BYTES = int(os.environ.get("TORO_RELAY_BYTES", str(400_000)))
PATIENCE = 300  # seconds without a byte after which a test gives up: at 20 % loss some are long
SEED = 9
CUBIC = (socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")  # as Linux has it unless somebody chose another


@dataclasses.dataclass
class Row:
    what: str
    cable: relay.Cable
    mtu: int = 1500


ROWS = (
    Row("a good cable", relay.Cable()),
    Row("1 % loss", relay.Cable(loss=0.01)),
    Row("5 % loss", relay.Cable(loss=0.05)),
    Row("20 % loss", relay.Cable(loss=0.2)),
    Row("duplication", relay.Cable(duplication=0.2)),
    Row("reordering", relay.Cable(reordering=0.2)),
    Row("corruption", relay.Cable(corruption=0.02)),
    Row("a delay of 50 ms", relay.Cable(delay=0.05)),
    Row("an MTU of 576", relay.Cable(), 576),
    Row("all of it", relay.Cable(loss=0.03, duplication=0.03, reordering=0.1, corruption=0.01, delay=0.005), 576),
)


def setUpModule():
    tap_network.enter()


def echo(port, seed, size):
    return harness.echo((tap_network.GUEST, port), seed, size, PATIENCE, CUBIC)


class Relayed(harness.Case):
    def boot(self, count):
        """A guest that echoes `count` connections at port 7; its end of the cable."""
        tap_network.make("guest")
        self.addCleanup(tap_network.ip, "link", "delete", "guest")
        end = relay.plug("guest")
        self.addCleanup(end.close)
        folder = harness.build_targets("qemu-microvm", "echo")
        self.guest = self.start("run", os.path.join(folder, "tests/guest/echo/echo.elf"), "--net",
                                tap_network.option("guest", offloads=False), "--", "serve", "7", str(count))
        self.console_until(self.guest, "listening at port 7\n")
        return end.fileno()

    def host(self, mtu=1500):
        cable = tap_network.open_cable("host", tap_network.HOST, mtu)
        self.addCleanup(os.close, cable)
        return cable

    def test_an_echo_over_any_cable_is_what_was_sent(self):
        guest, host = self.boot(len(ROWS)), self.host()
        for row in ROWS:
            with self.subTest(row.what):
                tap_network.ip("link", "set", "host", "mtu", str(row.mtu))
                with relay.Relay(guest, host, row.cable, SEED):
                    began = time.monotonic()
                    self.assertEqual(*echo(7, row.what, BYTES))
                    print(f"{row.what}: {BYTES} bytes in {time.monotonic() - began:.1f} s", flush=True)
        self.guest.communicate(timeout=PATIENCE)
        self.assertEqual(0, self.guest.returncode)

    def test_loss_costs_about_what_it_costs_linux(self):
        """At least half of Linux's goodput over a cable so slow that neither side's speed counts much. Long enough that a
        single timeout is no large part of it."""
        seeds = range(3)
        size = max(BYTES, 2_000_000)
        cable = relay.Cable(loss=0.01, delay=0.02)
        guest, host = self.boot(len(seeds)), self.host()

        def seconds(other):
            began = time.monotonic()
            for seed in seeds:
                with relay.Relay(other, host, cable, seed):
                    self.assertEqual(*echo(7, 1, size))
            return time.monotonic() - began

        ours = seconds(guest)
        self.guest.communicate(timeout=PATIENCE)
        tap_network.ip("neighbour", "flush", "dev", "host")
        with Linux() as other:
            theirs = seconds(other)
        print(f"{len(seeds)} times {size} bytes at 1 % loss: {ours:.1f} s, Linux {theirs:.1f} s", flush=True)
        self.assertLess(ours, 2 * theirs)


class Linux:
    """A process that echoes with this machine's own stack, in a network of its own; its end of the cable."""

    def __enter__(self):
        ours, theirs = socket.socketpair()
        self.child = os.fork()
        if self.child == 0:
            try:
                ours.close()
                self.serve(theirs)
            finally:
                os._exit(1)
        theirs.close()
        with ours:
            _, (self.cable,), _, _ = socket.recv_fds(ours, 1, 1)
        return self.cable

    def __exit__(self, *_):
        os.close(self.cable)
        os.kill(self.child, 9)
        os.waitpid(self.child, 0)

    def serve(self, parent):
        assert tap_network.leave_network()
        cable = tap_network.open_cable("linux", tap_network.GUEST)
        with socket.create_server((tap_network.GUEST, 7)) as server:
            server.setsockopt(*CUBIC)
            socket.send_fds(parent, [b"x"], [cable])
            os.close(cable)
            while True:
                connection, _ = server.accept()
                with connection:
                    while part := connection.recv(1 << 16):
                        connection.sendall(part)


if __name__ == "__main__":
    harness.main()
