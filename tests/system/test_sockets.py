"""Sockets of a guest through QEMU's user network: echo by TCP and UDP, both ways, with equal checksums.

TORO_SOCKETS_BYTES sets how much the longest echo of each way has.
"""

import http.client
import os
import random
import socket
import threading

import harness

BOARDS = ("qemu-microvm", "kvm-pc", "kvm-pc-emulated")  # the last has a card of Intel's
LONGEST = int(os.environ.get("TORO_SOCKETS_BYTES", str(4 << 20)))
SIZES = (*(2 << 10 << i for i in range(9)), LONGEST)
PATIENCE = 120  # seconds without a byte after which a test gives up: the machine may be loaded


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def echo(port, seed, size):
    return harness.echo(("127.0.0.1", port), seed, size, PATIENCE)


class Sockets(harness.Case):
    def elf(self, board):
        return os.path.join(harness.build_targets(board, "echo"), "tests/guest/echo/echo.elf")

    def finish(self, guest):
        out, err = guest.communicate(timeout=PATIENCE)
        said = out.decode(errors="replace") + err.decode(errors="replace")
        self.assertEqual(0, guest.returncode, said)
        return said

    def test_a_guest_echoes_what_the_host_sends_by_tcp(self):
        for board in BOARDS:
            for cores in ("1", "2"):
                with self.subTest(board=board, cores=cores):
                    sizes = SIZES if cores == "1" else SIZES[:-1]
                    port = free_port()
                    guest = self.start("run", self.elf(board), "--board", board, "--cores", cores, "--forward",
                                       f"{port}:7", "--", "serve", "7", str(len(sizes)))
                    self.console_until(guest, "listening at port 7\n")
                    for size in sizes:
                        self.assertEqual(*echo(port, size, size))
                    said = self.finish(guest)
                    for size in sizes:
                        self.assertIn(f"echoed {size} bytes", said)

    def test_connections_at_once_do_not_mix(self):
        count = 8
        port = free_port()
        guest = self.start("run", self.elf("qemu-microvm"), "--forward", f"{port}:7", "--", "serve", "7", str(count))
        self.console_until(guest, "listening at port 7\n")
        results = [None] * count

        def one(i):
            results[i] = echo(port, i, 100_000 + i)

        threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result in results:
            self.assertEqual(*result)
        self.finish(guest)

    def test_a_guest_connects_to_the_host(self):
        for board in BOARDS:
            with self.subTest(board=board), socket.create_server(("127.0.0.1", 0)) as server:
                server.settimeout(PATIENCE)

                def serve():
                    for _ in SIZES:
                        connection, _ = server.accept()
                        with connection:
                            while part := connection.recv(1 << 16):
                                connection.sendall(part)

                thread = threading.Thread(target=serve, daemon=True)
                thread.start()
                result = self.toro("run", self.elf(board), "--board", board, "--net", "user", "--", "ask", "10.0.2.2",
                                   str(server.getsockname()[1]), *map(str, SIZES), limit=PATIENCE + (LONGEST >> 20))
                self.assertEqual(0, result.status, str(result))
                for size in SIZES:
                    self.assertIn(f"{size} of {size} bytes came back, equal", result.out)
                thread.join(PATIENCE)

    def test_nobody_listens_at_the_host(self):
        result = self.toro("run", self.elf("qemu-microvm"), "--net", "user", "--", "ask", "10.0.2.2", str(free_port()), "1",
                           limit=PATIENCE)
        self.assertEqual(1, result.status, str(result))
        self.assertIn("Connection refused", result.out + result.err)

    def test_a_guest_echoes_datagrams(self):
        sizes = (1, 1400, 1472, 8000)  # QEMU 7.2 passes no empty ones on
        for board in BOARDS:
            with self.subTest(board=board):
                port = free_port(socket.SOCK_DGRAM)
                guest = self.start("run", "udp-echo", "--board", board, "--forward", f"udp:{port}:7", "--", "7",
                                   str(len(sizes)))
                self.console_until(guest, "echo at UDP port 7\n")
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                    client.settimeout(PATIENCE)
                    client.connect(("127.0.0.1", port))
                    for size in sizes:
                        data = random.Random(size).randbytes(size)
                        client.send(data)
                        self.assertEqual(data, client.recv(1 << 16))
                self.finish(guest)

    def test_a_web_server_keeps_a_connection(self):
        for board in (*BOARDS, "kvm-pc-emulated"):
            with self.subTest(board=board):
                port = free_port()
                guest = self.start("run", "static-web-server", "--board", board, "--forward", f"{port}:80", "--", "80", "1")
                self.console_until(guest, "serving at port 80\n")
                client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
                with open(os.path.join(harness.SDK, "samples/static-web-server/files/index.html"), "rb") as page:
                    content = page.read()
                for path, headers, status, expected in (
                        ("/", {}, 200, content), ("/index.html", {"Range": "bytes=0-14"}, 206, content[:15]),
                        ("/index.html", {"Range": "bytes=-8"}, 206, content[-8:]), ("/nowhere", {}, 404, b"404 Not Found\n"),
                        ("/", {"Connection": "close"}, 200, content)):
                    client.request("GET", path, headers=headers)
                    answer = client.getresponse()
                    self.assertEqual((status, expected), (answer.status, answer.read()))
                client.close()
                self.finish(guest)


class Command(harness.Case):
    def test_a_forward_that_is_none_is_refused(self):
        self.refused(self.toro("run", "hello", "--forward", "80"), "HOST:GUEST")
        self.refused(self.toro("run", "hello", "--forward", "8080:80", "--net", "none"), "--forward")


if __name__ == "__main__":
    harness.main()
