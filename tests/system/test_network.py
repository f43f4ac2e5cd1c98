"""Network devices: a peer on the host speaks Ethernet frames with a guest; the frames' dump and QEMU's log are clean.

TORO_NETWORK_FRAMES sets how many echo requests each run sends.
"""

import json
import os
import socket
import struct
import subprocess
import threading

import captures
import harness

FRAMES = int(os.environ.get("TORO_NETWORK_FRAMES", "1000"))
FLOOD = max(FRAMES, 20000)
PEER_MAC = bytes.fromhex("020000000001")
PEER, GUEST = socket.inet_aton("10.0.0.1"), socket.inet_aton("10.0.0.2")
SILENCE = 60  # seconds without a frame after which the test gives up: the machine may be loaded
SAMPLE_ARGUMENTS = ("10.0.0.2", "-", "3")


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Peer:
    """The other end of the guest's cable: datagrams on UNIX sockets, one for each frame."""

    def __init__(self, folder):
        self.ours, self.theirs = os.path.join(folder, "peer"), os.path.join(folder, "qemu")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        self.socket.bind(self.ours)
        self.socket.settimeout(SILENCE)
        self.mac = None

    def netdev(self):
        return f"dgram,id=net0,local.type=unix,local.path={self.theirs},remote.type=unix,remote.path={self.ours}"

    def send(self, frame):
        self.socket.sendto(frame, self.theirs)

    def receive(self):
        return self.socket.recv(4096)

    def learn(self):
        """Asks for the guest's address; the answer gives its MAC."""
        self.send(b"\xff" * 6 + PEER_MAC + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1) + PEER_MAC + PEER +
                  bytes(6) + GUEST)
        while True:
            frame = self.receive()
            if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\2" and frame[28:32] == GUEST:
                self.mac = frame[22:28]
                return

    def echo(self, number):
        """An echo request; its length and content follow from its number."""
        payload = struct.pack("!I", number) * (1 + number * 7 % 368)  # up to an MTU of 1500
        echo = struct.pack("!BBHHH", 8, 0, 0, 1, number & 0xffff) + payload
        echo = echo[:2] + struct.pack("!H", checksum(echo)) + echo[4:]
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(echo), number & 0xffff, 0, 64, 1, 0, PEER, GUEST)
        header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
        return self.mac + PEER_MAC + b"\x08\x00" + header + echo

    def check(self, frame, number):
        """Whether a frame answers that echo request."""
        request = self.echo(number)
        length = len(request) - 14 - 20
        return (frame[:12] == PEER_MAC + self.mac and frame[26:34] == GUEST + PEER and frame[34:36] == b"\0\0" and
                frame[38:34 + length] == request[38:34 + length])

    def exchange(self, count, window):
        """Sends `count` requests, of which at most `window` wait for their answers, which come in order."""
        room = threading.Semaphore(window)

        def send_all():
            for number in range(count):
                room.acquire()
                self.send(self.echo(number))

        sender = threading.Thread(target=send_all, daemon=True)
        sender.start()
        answered = 0
        while answered < count:
            frame = self.receive()
            if frame[12:14] != b"\x08\x00":
                continue
            if not self.check(frame, answered):
                raise AssertionError(f"the answer to request {answered} was expected: {frame.hex()}")
            answered += 1
            room.release()
        sender.join()


class Network(harness.Case):
    def setUp(self):
        super().setUp()
        if subprocess.run(["sh", "-c", "command -v tshark"], stdout=subprocess.DEVNULL).returncode != 0:
            self.skipTest("tshark is not installed")

    def boot(self, target, board, cores, netdev, replaced=(), arguments=SAMPLE_ARGUMENTS):
        """Starts the target's image on a network of our own; its process, and the folder of its files. `replaced` are pairs
        of what stands in the command and what takes its place."""
        run = os.path.join(self.folder, "guest")
        os.mkdir(run)
        line = self.toro("run", target, "--board", board, "--cores", str(cores), "--net", "user", "--net-dump",
                         os.path.join(run, "frames.pcap"), "--print-command", "--", *arguments).out.strip()
        for old, new in (("user,id=net0", netdev), ("RUN=$(mktemp -d)", f"RUN={run}"), *replaced):
            self.assertIn(old, line)
            line = line.replace(old, new)
        return self.start("-c", f"exec {line.split('&&', 1)[1].strip()} -d guest_errors -D {run}/errors".replace(
            '"$RUN"', run), program="/bin/sh"), run

    def finish(self, guest, run):
        """What the guest printed, once it has ended well and its frames and QEMU's log are clean."""
        out, err = guest.communicate(timeout=600)
        said = out.decode(errors="replace") + err.decode(errors="replace")
        with open(os.path.join(run, "exit"), "rb") as stream:
            self.assertEqual(b"\0", stream.read()[-1:], said)
        with open(os.path.join(run, "errors")) as stream:
            self.assertEqual("", stream.read(), said)
        captures.check(os.path.join(run, "frames.pcap"), SAMPLE_ARGUMENTS[0])
        return said

    def echo(self, board, cores, frames, window, replaced=()):
        with self.subTest(board=board, cores=cores, frames=frames, window=window, replaced=replaced):
            self.toro("build", "packet-echo", "--board", board, limit=900)
            peer = Peer(self.folder)
            guest, run = self.boot("packet-echo", board, cores, peer.netdev(), replaced)
            try:
                self.console_until(guest, "link up\n")
                peer.learn()
                peer.exchange(frames, window)
                said = self.finish(guest, run)
                self.assertIn(f"answered 1 ARP requests and {frames} echo requests of {frames + 1} frames, 0 answers "
                              "were lost", said)
                self.assertIn("dropped 0 too long, 0 malformed, 0 overrun, 0 unsent; 0 and 0 errors", said)
            finally:
                self.remove(guest, run, peer)

    def remove(self, guest, run, peer):
        if guest.poll() is None:
            guest.kill()
            guest.wait()
        peer.socket.close()
        for path in (peer.ours, peer.theirs):
            if os.path.exists(path):
                os.unlink(path)
        subprocess.check_call(["rm", "-r", run])

    def test_every_echo_request_is_answered(self):
        for board in ("qemu-microvm", "microvm-acpi", "kvm-pc"):
            for cores in (1, 2):
                self.echo(board, cores, FRAMES, 32)

    def test_devices_with_the_legacy_interface_answer_too(self):
        for cores in (1, 2):
            self.echo("microvm-acpi", cores, FRAMES, 32, (("force-legacy=false", "force-legacy=true"),))
            self.echo("kvm-pc", cores, FRAMES, 32, (("virtio-net-pci-non-transitional", "virtio-net-pci,disable-modern=on"),))

    def test_old_cards_answer_too(self):
        for cores in (1, 2):
            self.echo("kvm-pc-emulated", cores, FRAMES, 32)
            self.echo("kvm-pc-emulated", cores, FRAMES, 4, (("e1000,", "ne2k_pci,"),))  # its ring holds nine frames

    def test_a_flood_is_answered_to_the_last_frame(self):
        self.echo("qemu-microvm", 1, FLOOD, FLOOD)

    def test_the_link_goes_and_comes(self):
        for board in ("qemu-microvm", "kvm-pc", "kvm-pc-emulated"):
            with self.subTest(board=board):
                self.toro("build", "packet-echo", "--board", board, limit=900)
                peer = Peer(self.folder)
                guest, run = self.boot("packet-echo", board, 1, peer.netdev())
                try:
                    self.console_until(guest, "link up\n")
                    monitor = socket.socket(socket.AF_UNIX)
                    monitor.connect(os.path.join(run, "qmp.sock"))
                    commands = monitor.makefile("rw")
                    commands.readline()
                    for command in ({"execute": "qmp_capabilities"},
                                    {"execute": "set_link", "arguments": {"name": "net0", "up": False}},
                                    {"execute": "set_link", "arguments": {"name": "net0", "up": True}}):
                        commands.write(json.dumps(command) + "\n")
                        commands.flush()
                        self.assertIn("return", commands.readline())
                        if command["execute"] == "set_link":
                            up = command["arguments"]["up"]
                            self.console_until(guest, f"the link is {'up' if up else 'down'}\n")
                    monitor.close()
                    peer.learn()
                    said = self.finish(guest, run)
                    self.assertIn("2 changes of the link", said)
                finally:
                    self.remove(guest, run, peer)


class Cores(harness.Case):
    def test_every_core_uses_the_device(self):
        for board in ("qemu-microvm", "kvm-pc", "kvm-pc-emulated"):
            elf = os.path.join(harness.build_targets(board, "guest-network"), "tests/guest/network/guest-network.elf")
            for cores in ("1", "2", "3"):
                with self.subTest(board=board, cores=cores):
                    result = self.toro("run", elf, "--board", board, "--cores", cores, "--net", "user", "--timeout", "300",
                                       limit=400)
                    self.assertEqual(0, result.status, str(result))
                    self.assertNotIn("0 assertions", result.out)


class Command(harness.Case):
    def test_a_dump_without_a_network_is_refused(self):
        self.refused(self.toro("run", "hello", "--net-dump", "x"), "--net user")

    def test_an_unknown_network_is_refused(self):
        self.refused(self.toro("run", "hello", "--net", "wifi"), "--net")

    def test_the_sample_finds_its_gateway(self):
        dump = os.path.join(self.folder, "frames,1.pcap")
        result = self.toro("run", "packet-echo", "--net-dump", dump, "--timeout", "60", limit=900)
        self.assertEqual(0, result.status, str(result))
        self.assertIn("10.0.2.2 answers a ping\n", result.out)
        self.assertGreater(os.path.getsize(dump), 100)


if __name__ == "__main__":
    harness.main()
