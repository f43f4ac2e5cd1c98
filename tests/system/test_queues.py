"""A network device with several queues, each served by a core of its own: who gets what."""

import collections
import os
import random
import socket
import threading

import harness
import tap_network

CORES = 2
PATIENCE = 60  # seconds for an answer: the machine may be loaded
SHARED, ALONE, DATAGRAMS = 80, 81, 7


def setUpModule():
    tap_network.enter()


def receive(stream, size):
    """So many bytes, or what there is before the end."""
    data = b""
    while len(data) < size and (part := stream.recv(size - len(data))):
        data += part
    return data


class Queues:
    """On one board."""

    def setUp(self):
        super().setUp()
        tap_network.make("guest", tap_network.HOST, several_queues=True)
        self.addCleanup(tap_network.ip, "link", "delete", "guest")
        self.elf = os.path.join(harness.build_targets(self.board, "queues"), "tests/guest/queues/queues.elf")

    def start_guest(self, *arguments):
        guest = self.start("run", self.elf, "--board", self.board, "--cores", str(CORES), "--net",
                           tap_network.option("guest", queues=CORES), "--", *arguments)
        self.console_until(guest, "serving\n")
        return guest

    def ask(self, stream, data=b"?"):
        """The core that answers."""
        stream.sendall(data)
        answer = receive(stream, 1 + len(data))
        self.assertEqual(data, answer[1:])
        return answer[:1]

    def connect(self, port):
        stream = socket.create_connection((tap_network.GUEST, port), PATIENCE)
        self.addCleanup(stream.close)
        return stream

    def test_connections_are_spread_over_the_cores_and_each_stays_on_its_own(self):
        self.start_guest()
        streams = [self.connect(SHARED) for _ in range(64)]
        cores = [self.ask(stream) for stream in streams]
        self.assertEqual(CORES, len(set(cores)))
        self.assertGreater(min(collections.Counter(cores).values()), 64 // CORES // 4)
        for _ in range(5):
            self.assertEqual(cores, [self.ask(stream, b"x" * 1000) for stream in streams])

    def test_a_socket_that_shares_its_port_with_none_gets_all_connections(self):
        self.start_guest()
        streams = [self.connect(ALONE) for _ in range(32)]
        for _ in range(2):
            self.assertEqual({b"0"}, {self.ask(stream) for stream in streams})

    def test_datagrams_of_a_flow_go_to_one_core_and_fragments_arrive(self):
        self.start_guest()
        flows = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(32)]
        cores = collections.defaultdict(set)
        for size in (1, 1400, 8000):
            for flow in flows:
                self.addCleanup(flow.close)
                flow.settimeout(PATIENCE)
                flow.connect((tap_network.GUEST, DATAGRAMS))
                data = random.Random(size).randbytes(size)
                flow.send(data)
                answer = flow.recv(65536)
                self.assertEqual(data, answer[1:])
                cores[flow].add(answer[:1])
        self.assertEqual({1}, {len(of_flow) for of_flow in cores.values()})
        self.assertEqual(CORES, len(set.union(*cores.values())))

    def test_each_core_reaches_the_host_and_the_sockets_of_another(self):
        listener = socket.create_server((tap_network.HOST, 0))
        self.addCleanup(listener.close)

        def serve():
            for _ in range(8 * CORES):
                stream, _ = listener.accept()
                with stream:
                    stream.sendall(b"host to " + stream.recv(1))

        threading.Thread(target=serve, daemon=True).start()
        guest = self.start_guest(tap_network.HOST, str(listener.getsockname()[1]))
        lines = sorted(guest.stdout.readline() for _ in range(8 * CORES))
        self.assertEqual(sorted(b"core %d: host to %d, 0%d\n" % (core, core, core) for core in range(CORES) for _ in range(8)),
                         lines)

    def test_a_port_where_nobody_listens_is_refused_by_one_answer(self):
        self.start_guest()
        for _ in range(16):
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection((tap_network.GUEST, 9999), PATIENCE)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
                datagrams.settimeout(PATIENCE)
                datagrams.connect((tap_network.GUEST, 9999))
                datagrams.send(b"?")
                with self.assertRaises(ConnectionRefusedError):
                    datagrams.recv(1)


class OnPci(Queues, harness.Case):
    """A message of its own for each queue."""

    board = "kvm-pc"


class OnMmio(Queues, harness.Case):
    """One interrupt for all of them."""

    board = "qemu-microvm"


class Refusals(harness.Case):
    def test_a_tap_device_with_one_queue(self):
        tap_network.make("single")
        self.addCleanup(tap_network.ip, "link", "delete", "single")
        self.refused(self.toro("run", "hello", "--net", "tap:single,queues=2"), "'single'", "multi_queue")

    def test_a_board_whose_device_has_one_queue(self):
        self.refused(self.toro("run", "hello", "--board", "kvm-pc-emulated", "--net", "tap:single,queues=2"),
                     "kvm-pc-emulated", "one queue")


if __name__ == "__main__":
    harness.main()
