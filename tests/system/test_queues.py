"""A network device with several queues, each served by a core of its own: who gets what, and what that costs."""

import collections
import contextlib
import json
import os
import random
import re
import socket
import subprocess
import tempfile
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


class DhcpServer:
    """At the host's end of the tap device: gives `address`, and renews that lease alone."""

    RENEWAL, REBINDING, LEASE = 1, 50, 60  # seconds
    DISCOVER, REQUEST = 1, 3

    def __init__(self, tap, address):
        import wire  # finds scapy where Debian has it
        from scapy.layers import dhcp

        self.scapy = dhcp
        self.address = address
        self.asked = []  # what, with which address
        self.begun = set()  # transactions in which it was asked for an address: a question may come again
        self.has_asked = threading.Condition()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, tap.encode())
        self.socket.bind(("", 67))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):  # it is closed
            while True:
                self.answer(self.scapy.BOOTP(self.socket.recv(2048)))

    def answer(self, question):
        options = dict(option for option in question[self.scapy.DHCP].options if isinstance(option, tuple))
        kind = options["message-type"]
        wanted = options.get("requested_addr", question.ciaddr)
        answer = "offer" if kind == self.DISCOVER else "ack" if wanted == self.address else "nak"
        times = [("renewal_time", self.RENEWAL), ("rebinding_time", self.REBINDING), ("lease_time", self.LEASE)]
        reply = (self.scapy.BOOTP(op=2, xid=question.xid, yiaddr=self.address, chaddr=question.chaddr) /
                 self.scapy.DHCP(options=[("message-type", answer), ("server_id", tap_network.HOST), *times,
                                          ("subnet_mask", "255.255.255.0"), "end"]))
        to = question.ciaddr if question.ciaddr != "0.0.0.0" else "255.255.255.255"
        self.socket.sendto(bytes(reply), (to, 68))
        with self.has_asked:
            if kind == self.DISCOVER:
                self.begun.add(question.xid)
            self.asked.append((kind, question.ciaddr))
            self.has_asked.notify()

    def wait_for(self, count, *what):
        """Until that was asked so often."""
        with self.has_asked:
            if not self.has_asked.wait_for(lambda: self.asked.count(what) >= count, PATIENCE):
                raise AssertionError(f"{what} was expected {count} times among {self.asked}")


class Queues:
    """On one board."""

    def setUp(self):
        super().setUp()
        tap_network.make("guest", tap_network.HOST, several_queues=True)
        self.addCleanup(tap_network.ip, "link", "delete", "guest")
        self.elf = os.path.join(harness.build_targets(self.board, "queues"), "tests/guest/queues/queues.elf")

    def start_guest(self, *arguments, network=tap_network.option("guest", queues=CORES)):
        guest = self.start("run", self.elf, "--board", self.board, "--cores", str(CORES), "--net", network, "--",
                           *arguments)
        self.console_until(guest, "serving\n")
        return guest

    def ask(self, stream, data=b"?"):
        """The core that answers."""
        stream.sendall(data)
        answer = receive(stream, 1 + len(data))
        self.assertEqual(data, answer[1:])
        return answer[:1]

    def connect(self, port, address=tap_network.GUEST):
        stream = socket.create_connection((address, port), PATIENCE)
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

    def test_no_datagram_is_left_lying_whichever_core_it_came_to(self):
        """Each of a flow that the device has not seen yet, so that many are handed over from core to core."""
        self.start_guest()
        data = random.Random(1).randbytes(4000)
        for _ in range(2000):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flow:
                flow.settimeout(PATIENCE)
                flow.connect((tap_network.GUEST, DATAGRAMS))
                flow.send(data)
                self.assertEqual(data, flow.recv(65536)[1:])

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

    def test_all_cores_share_one_lease_of_dhcp_and_leave_it_together(self):
        first, second = "10.9.0.50", "10.9.0.51"
        server = DhcpServer("guest", first)
        self.addCleanup(server.socket.close)
        self.start_guest(network=f"tap:guest,queues={CORES}")
        streams = [self.connect(SHARED, first) for _ in range(32)]
        cores = [self.ask(stream) for stream in streams]
        self.assertEqual(CORES, len(set(cores)))
        server.wait_for(2, server.REQUEST, first)
        self.assertEqual(1, len(server.begun))
        self.assertEqual(cores, [self.ask(stream) for stream in streams])
        server.address = second  # the next renewal is refused
        server.wait_for(1, server.REQUEST, second)
        self.assertEqual(CORES, len({self.ask(self.connect(SHARED, second)) for _ in range(32)}))

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


class Capacity(harness.Case):
    """What requests cost each core, in instructions: two cores of a guest and what loads them have more than two of the
    host, which times would show. Each instruction is logged as QEMU executes it alone (-singlestep)."""

    CONNECTIONS, WARM_UP, ROUNDS = 32, 5, 10
    REQUEST = b"x" * 64

    def monitor(self, path):
        """Gives lines to QEMU's monitor."""
        connection = socket.socket(socket.AF_UNIX)
        self.addCleanup(connection.close)
        connection.connect(path)
        stream = connection.makefile("rw")
        self.addCleanup(stream.close)
        stream.readline()

        def tell(command, **arguments):
            stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
            stream.flush()
            while "return" not in json.loads(stream.readline()):
                pass

        tell("qmp_capabilities")
        return lambda line: tell("human-monitor-command", **{"command-line": line})

    def start_guest(self, board, elf, cores, run):
        words = ("run", elf, "--board", board, "--cores", str(cores), "--net",
                 tap_network.option("guest", queues=cores), "--print-command")
        line = self.toro(*words).out.strip().replace("RUN=$(mktemp -d)", f"RUN={run}")
        guest = subprocess.Popen(["bash", "-c", re.sub(r"(qemu-system-x86_64)", r"exec \1 -singlestep", line, count=1)],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.addCleanup(guest.stdout.close)
        self.addCleanup(guest.wait)
        self.addCleanup(guest.kill)
        self.assertEqual(b"serving\n", guest.stdout.readline())

    def connect(self, cores):
        """As many connections to each core."""
        streams = collections.defaultdict(list)
        while sum(map(len, streams.values())) < self.CONNECTIONS:
            stream = socket.create_connection((tap_network.GUEST, SHARED), PATIENCE)
            self.addCleanup(stream.close)
            stream.sendall(b"?")
            of_core = streams[receive(stream, 2)[:1]]
            if len(of_core) < self.CONNECTIONS // cores:
                of_core.append(stream)
        return [stream for of_core in streams.values() for stream in of_core]

    def load(self, streams, rounds):
        for _ in range(rounds):
            for stream in streams:
                stream.sendall(self.REQUEST)
            for stream in streams:
                self.assertEqual(self.REQUEST, receive(stream, 1 + len(self.REQUEST))[1:])

    def instructions(self, board, elf, cores):
        """Of each core, for a request to the guest."""
        tap_network.make("guest", tap_network.HOST, several_queues=cores > 1)
        self.addCleanup(tap_network.ip, "link", "delete", "guest")
        with tempfile.TemporaryDirectory() as run:
            self.start_guest(board, elf, cores, run)
            streams = self.connect(cores)
            self.load(streams, self.WARM_UP)
            log = os.path.join(run, "log")
            os.mkfifo(log)
            counts = collections.Counter()

            def count():
                with open(log, "rb") as lines:
                    counts.update(line.split(b":")[0] for line in lines if line.startswith(b"Trace "))

            counter = threading.Thread(target=count)
            counter.start()
            tell = self.monitor(os.path.join(run, "qmp.sock"))
            tell(f"logfile {log}")
            tell("log exec,nochain")
            self.load(streams, self.ROUNDS)
            tell("log none")
            tell("logfile /dev/null")
            counter.join()
            self.doCleanups()
        return [count / self.ROUNDS / self.CONNECTIONS for count in counts.values()]

    def check(self, board):
        elf = os.path.join(harness.build_targets(board, "queues"), "tests/guest/queues/queues.elf")
        one, two = (self.instructions(board, elf, cores) for cores in (1, 2))
        print(f"{board}: instructions for a request: {one[0]:.0f} of one core; {two[0]:.0f} and {two[1]:.0f} of two cores")
        self.assertGreater(one[0] / max(two), 1.6)

    def test_two_cores_serve_at_least_1_6_times_as_many_requests_as_one_on_pci(self):
        self.check("kvm-pc")

    def test_two_cores_serve_at_least_1_6_times_as_many_requests_as_one_on_mmio(self):
        self.check("qemu-microvm")


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
