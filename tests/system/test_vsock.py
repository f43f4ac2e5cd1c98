"""Streams between a guest and its host without a network: echo both ways with equal checksums, many at once, ends that do
not read, servers and guests that are killed.

TORO_VSOCK_BYTES sets how much the longest echo has.
"""

import contextlib
import http.client
import os
import re
import signal
import socket
import threading

import harness
import load_server

BOARDS = ("qemu-microvm", "kvm-pc")
LONGEST = int(os.environ.get("TORO_VSOCK_BYTES", str(64 << 20)))
SIZES = [2 << 10 << i for i in range(9)]
PATIENCE = 120  # seconds without a byte after which a test gives up: the machine may be loaded
MEBIBYTE = 1 << 20
MANY = 2_000  # connections


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def echo(port, seed, size):
    return harness.echo(("127.0.0.1", port), seed, size, PATIENCE)


class EchoServer:
    """Gives back what comes, over TCP or at a unix socket, to any number at once."""

    def __init__(self, path=None):
        self.listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.listener.bind(path or ("127.0.0.1", 0))
        self.listener.listen(128)
        self.place = path or self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    @staticmethod
    def serve(connection):
        with connection:
            try:
                while part := connection.recv(1 << 18):
                    connection.sendall(part)
            except ConnectionError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


class Vsock(harness.Case):
    def elf(self, board="qemu-microvm"):
        return os.path.join(harness.build_targets(board, "vsock-probe"), "tests/guest/vsock/vsock-probe.elf")

    def boot(self, *words, board="qemu-microvm", options=(), **more):
        return self.start("run", self.elf(board), "--board", board, *options, "--", *words, **more)

    def finish(self, guest, status=0, size=0):
        """What it said by its end. `size`: bytes that it has to do with by then."""
        out, err = guest.communicate(timeout=PATIENCE + size / MEBIBYTE)
        said = out.decode(errors="replace") + err.decode(errors="replace")
        self.assertEqual(status, guest.returncode, said)
        return said

    def bridge(self):
        found = [pid for pid, line in self.survivors().items() if "toro-vsock" in line]
        self.assertEqual(1, len(found), self.survivors())
        return found[0]

    def resident(self, pid):
        with open(f"/proc/{pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) * 1024

    def test_a_guest_echoes_what_the_host_sends(self):
        for board in BOARDS:
            for cores in ("1", "2"):
                sizes = [*SIZES, LONGEST if (board, cores) == ("qemu-microvm", "1") else 4 * MEBIBYTE]
                with self.subTest(board=board, cores=cores):
                    port = free_port()
                    guest = self.boot("serve", "7", str(len(sizes)), board=board,
                                      options=("--cores", cores, "--forward", f"vsock:{port}:7"))
                    self.console_until(guest, "listening at port 7\n")
                    for size in sizes:
                        self.assertEqual(*echo(port, size, size))
                    said = self.finish(guest)
                    for size in sizes:
                        self.assertIn(f"echoed {size} bytes", said)

    def test_who_comes_before_the_guest_waits_for_it(self):
        port = free_port()
        guest = self.boot("serve", "7", "1", options=("--forward", f"vsock:{port}:7"))
        while guest.poll() is None:
            try:
                result = echo(port, 1, 2048)
                break
            except ConnectionRefusedError:  # the bridge is not there yet
                pass
        self.assertEqual(*result)
        self.assertIn("echoed 2048 bytes", self.finish(guest))

    def test_the_host_echoes_what_a_guest_sends(self):
        for board in BOARDS:
            for path in (None, os.path.join(self.folder, board)):
                with self.subTest(board=board, path=path), EchoServer(path) as server:
                    for size in (0, *SIZES, 4 * MEBIBYTE):
                        said = self.finish(self.boot("ask", "7", str(size), "1", board=board,
                                                     options=("--vsock", f"7:{server.place}")))
                        self.assertIn(f"{size} of {size} bytes came back, equal", said)

    def test_the_host_echoes_much(self):
        with EchoServer() as server:
            said = self.finish(self.boot("ask", "7", str(LONGEST), "1", options=("--vsock", f"7:{server.place}")),
                               size=LONGEST)
            self.assertIn(f"{LONGEST} of {LONGEST} bytes came back, equal", said)

    def test_connections_at_once_do_not_mix(self):
        count = 40
        for cores in ("1", "2"):
            with self.subTest(cores=cores), EchoServer() as server:
                port = free_port()
                guest = self.boot("serve", "7", str(count), options=("--cores", cores, "--forward", f"vsock:{port}:7"))
                self.console_until(guest, "listening at port 7\n")
                results = [None] * count

                def one(i):
                    results[i] = echo(port, i, 100_000 + i)

                threads = [threading.Thread(target=one, args=(i,), daemon=True) for i in range(count)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join(PATIENCE)
                for result in results:
                    self.assertEqual(*result)
                self.finish(guest)
                said = self.finish(self.boot("ask", "7", "100000", str(count),
                                             options=("--cores", cores, "--vsock", f"7:{server.place}")))
                self.assertEqual(count, said.count("100000 of 100000 bytes came back, equal"), said)

    def test_thousands_of_connections_are_open_at_once(self):
        port = free_port()
        guest = self.start("run", load_server.build(), "--memory", "256M", "--forward", f"vsock:{port}:80", "--", "vsock")
        self.console_until(guest, "serving\n")
        server = load_server.Server("127.0.0.1", port)
        server.fetch()
        before = server.memory()
        with contextlib.ExitStack() as stack:
            ends = []
            for _ in range(MANY // 500):  # more at once than the server's backlog are refused
                ends += stack.enter_context(server.connections(500))
                load_server.ask_all(ends)
            taken = server.memory() - before
        server.memory_until(before)
        print(f"{MANY} connections: {taken / MANY:.0f} bytes each", flush=True)
        self.assertIsNone(guest.poll())

    def test_each_call(self):
        for board in (*BOARDS, "kvm-pc-emulated"):
            for cores in ("1", "2"):
                with self.subTest(board=board, cores=cores), EchoServer() as server:
                    said = self.finish(self.boot("calls", board=board, options=(
                        "--cores", cores, "--vsock", f"7:{server.place}", "--vsock", f"8:{free_port()}")))
                    self.assertIn("0 wrong", said)

    def test_a_guest_that_does_not_read_holds_the_host_back(self):
        port = free_port()
        guest = self.boot("deaf", "7", options=("--forward", f"vsock:{port}:7"), stdin=-1)
        self.console_until(guest, "listening at port 7\n")
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            self.console_until(guest, "accepted\n")
            before = self.resident(self.bridge())
            sent = 0
            with self.assertRaises(TimeoutError):
                while sent < 256 * MEBIBYTE:
                    sent += client.send(bytes(MEBIBYTE))
            self.assertLess(self.resident(self.bridge()) - before, MEBIBYTE)
            guest.stdin.write(b"\n")
            guest.stdin.flush()
        said = self.finish(guest)
        self.assertIn(f"{sent} bytes came\n", said.replace("\r", ""))

    def test_a_host_that_does_not_read_holds_a_guest_back(self):
        size = 8 * MEBIBYTE
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            listener.settimeout(PATIENCE)
            guest = self.boot("patient", "7", options=("--vsock", f"7:{listener.getsockname()[1]}"))
            with listener.accept()[0] as connection:
                connection.settimeout(PATIENCE)
                said = self.console_until(guest, "before it had to wait\n")
                self.assertLess(int(re.search(r"(\d+) bytes went", said)[1]), size)
                self.assertLess(self.resident(self.bridge()), 32 * MEBIBYTE)
                received = 0
                while part := connection.recv(1 << 18):
                    received += len(part)
                self.assertEqual(size, received)
            self.finish(guest)

    def test_a_bridge_that_is_killed(self):
        for board in BOARDS:
            with self.subTest(board=board):
                port = free_port()
                guest = self.boot("serve", "7", "1", board=board, options=("--forward", f"vsock:{port}:7"))
                self.console_until(guest, "listening at port 7\n")
                with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
                    client.sendall(b"x")
                    self.assertEqual(b"x", client.recv(1))
                    os.kill(self.bridge(), signal.SIGKILL)
                    said = self.finish(guest)
                self.assertIn("echo: Connection reset by peer", said)
                self.assertIn("toro: vsock: the device is out of use", said)
                self.assertIn("toro-vsock was expected to carry streams between the host and the guest and was ended by signal 9",
                              said)

    def test_a_guest_that_is_killed_leaves_nothing(self):
        for kill in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(kill=kill):
                port = free_port()
                guest = self.boot("serve", "7", "1", options=("--forward", f"vsock:{port}:7", "--json"))
                self.console_until(guest, "listening at port 7\n")
                qemu = self.event(guest, "started")["pid"]
                with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
                    client.sendall(b"x")
                    self.assertEqual(b"x", client.recv(1))
                    os.kill(qemu, kill)
                    self.assertEqual(b"", client.recv(1))
                guest.communicate(timeout=PATIENCE)
                self.assertEqual({}, self.survivors(wait=5))

    def test_a_web_server_over_tcp_and_over_vsock(self):
        with open(os.path.join(harness.SDK, "samples/static-web-server/files/index.html"), "rb") as page:
            content = page.read()
        for board in BOARDS:
            for kind, prefix, place in (("tcp", "", "80"), ("vsock", "vsock:", "vsock:80")):
                with self.subTest(board=board, kind=kind):
                    port = free_port()
                    guest = self.start("run", "static-web-server", "--board", board, "--forward", f"{prefix}{port}:80", "--",
                                       place, "1")
                    self.console_until(guest, f"serving at port {place}\n")
                    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
                    for headers in ({}, {"Connection": "close"}):
                        client.request("GET", "/", headers=headers)
                        answer = client.getresponse()
                        self.assertEqual((200, content), (answer.status, answer.read()))
                    client.close()
                    self.finish(guest)


class Command(harness.Case):
    def test_what_makes_no_sense_is_refused(self):
        for words, sentence in (
                (("--forward", "vsock:80"), "HOST:GUEST"),
                (("--forward", "vsock:70000:80"), "HOST:GUEST"),
                (("--vsock", "80"), "PORT:HOST_PORT or PORT:PATH was expected"),
                (("--vsock", "0:80"), "PORT:HOST_PORT or PORT:PATH was expected"),
                (("--vsock", "80:70000"), "PORT:HOST_PORT or PORT:PATH was expected"),
                (("--vsock", "80:1", "--vsock", "80:2"), "--vsock was expected once for port 80")):
            with self.subTest(words=words):
                self.refused(self.toro("run", "hello", *words), sentence)

    def test_a_port_that_is_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            result = self.toro("run", "hello", "--forward", f"vsock:{port}:80")
            self.refused(result, f"port 127.0.0.1:{port} was expected to be free: it is in use by another program")

    def test_the_command_line_that_is_printed_works(self):
        with EchoServer() as server:
            elf = os.path.join(harness.build_targets("qemu-microvm", "vsock-probe"), "tests/guest/vsock/vsock-probe.elf")
            line = self.toro("run", elf, "--vsock", f"7:{server.place}", "--print-command", "--", "ask", "7", "1000", "1").out
            self.assertIn("toro-vsock", line)
            shell = self.start("-c", line, program="/bin/sh")
            out, err = shell.communicate(timeout=PATIENCE)
            self.assertIn(b"1000 of 1000 bytes came back, equal", out, err)


if __name__ == "__main__":
    harness.main()
