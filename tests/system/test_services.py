"""Samples that serve: each is asked by a client of the host through QEMU's user network, on every board.

Asked as a client would: in parts that cut what belongs together, by several at once, and by some that make no sense.
"""

import base64
import hashlib
import http.client
import json
import os
import random
import socket
import struct
import subprocess

import harness
from test_sockets import PATIENCE, free_port

BOARDS = ("qemu-microvm", "kvm-pc", "kvm-pc-emulated")


class Client:
    """A connection that is read by lines, or to its end."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.reader.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        return self.reader.readline().decode().rstrip("\r\n")

    def rest(self):
        return self.reader.read()


class Services(harness.Case):
    def serve(self, sample, board, guest_port, ready, count, *options, kind=socket.SOCK_STREAM):
        """Starts a sample that ends after `count` connections; the host's port."""
        port = free_port(kind)
        forward = f"{port}:{guest_port}" if kind == socket.SOCK_STREAM else f"udp:{port}:{guest_port}"
        words = (str(guest_port), str(count)) if kind == socket.SOCK_STREAM else ("serve", str(guest_port), str(count))
        self.guest = self.start("run", sample, "--board", board, "--forward", forward, *options, "--", *words)
        self.said = self.console_until(self.guest, ready)
        return port

    def finish(self):
        out, err = self.guest.communicate(timeout=PATIENCE)
        said = self.said + out.decode(errors="replace") + err.decode(errors="replace")
        self.assertEqual(0, self.guest.returncode, said)
        return said

    def test_network_hello(self):
        for board in BOARDS:
            port = self.serve("network-hello", board, 80, "close: the other side has gone\n", 2)
            for _ in range(2):
                with Client(port) as client:
                    self.assertEqual("Hello from Toro", client.line())
                    client.send(b"x" * 1000)
            said = self.finish()
            self.assertEqual(3, said.count("accept: somebody is there"), said)
            self.assertEqual(3, said.count("close: the other side has gone"), said)

    def test_microservice(self):
        for board in BOARDS:
            port = self.serve("microservice", board, 8080, "serving at port 8080\n", 3)
            first = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            for number in (1, 2, 3):
                first.request("GET", "/")
                answer = first.getresponse()
                self.assertEqual((200, "application/json"), (answer.status, answer.getheader("Content-Type")))
                self.assertEqual({"core": 0, "answers": number}, json.loads(answer.read()))
            first.request("GET", "/nowhere")
            answer = first.getresponse()
            self.assertEqual((404, {"error": "no such path"}), (answer.status, json.loads(answer.read())))
            with Client(port) as second:  # two requests, cut where it hurts
                for part in (b"GET / HT", b"TP/1.1\r\nA: b\r", b"\n\r\nGET / HTTP/1.0\r\n\r", b"\n"):
                    second.send(part)
                self.assertEqual(2, second.rest().count(b"200 OK"))
            with Client(port) as third:
                third.send(b"no request\r\n\r\n")
                self.assertIn(b"400 Bad Request", third.rest())
            first.close()
            self.finish()

    def test_key_value(self):
        for board in BOARDS:
            port = self.serve("key-value", board, 6379, "keeping values at port 6379\n", 2)
            with Client(port) as one, Client(port) as other:
                for asker, line, answer in ((one, "set colour dark green", "stored"), (other, "get colour", "value dark green"),
                                            (other, "get shape", "none"), (other, "count", "1"), (one, "delete colour", "deleted"),
                                            (one, "delete colour", "none"), (other, "count", "0"),
                                            (one, "nonsense", "error: set KEY VALUE, get KEY, delete KEY or count was expected")):
                    asker.send(line.encode() + b"\r\n")
                    self.assertEqual(answer, asker.line())
                one.send(b"set a 1\nset b 2\ncou")
                one.send(b"nt\n")
                self.assertEqual(["stored", "stored", "2"], [one.line() for _ in range(3)])
                other.send(b"x" * 100_000)  # no line: what was not read of it resets the connection
                try:
                    self.assertEqual("", other.line())
                except ConnectionResetError:
                    pass
            self.finish()

    def test_hash_table_server(self):
        for board in BOARDS:
            port = self.serve("hash-table-server", board, 7000, "table at UDP port 7000, on 2 cores\n", 62, "--cores", "2",
                              kind=socket.SOCK_DGRAM)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.settimeout(PATIENCE)
                client.connect(("127.0.0.1", port))

                def ask(text):
                    client.send(text.encode())
                    return client.recv(2048).decode()

                for i in range(30):
                    self.assertEqual(f"{i} value {i}", ask(f"{i} put key{i} value {i}"))
                for i in range(30):
                    self.assertEqual(f"{i} value {i}", ask(f"{i} get key{i}"))
                self.assertEqual("7 none", ask("7 get nothing"))
                self.assertEqual("8 error: put KEY VALUE or get KEY was expected", ask("8 sing"))
            self.assertIn("30 keys", self.finish())

    def frame(self, opcode, payload, last=True, size=None):
        length = len(payload) if size is None else size
        head = bytes([opcode | (0x80 if last else 0)])
        if length < 126:
            head += bytes([0x80 | length])
        elif length < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", length)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", length)
        mask = bytes([1, 2, 3, 250])
        return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))

    def read_frame(self, client):
        first, length = client.reader.read(2)
        if length == 126:
            length = struct.unpack(">H", client.reader.read(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", client.reader.read(8))[0]
        return first, client.reader.read(length)

    def shake_hands(self, client):
        key = base64.b64encode(random.Random(1).randbytes(16)).decode()
        client.send(f"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self.assertIn("101", client.line())
        fields = {}
        while line := client.line():
            name, _, value = line.partition(": ")
            fields[name] = value
        proof = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.assertEqual(base64.b64encode(proof).decode(), fields["Sec-WebSocket-Accept"])

    def test_web_socket_server(self):
        for board in BOARDS:
            port = self.serve("web-socket-server", board, 8080, "web sockets at port 8080\n", 4)
            with Client(port) as browser:
                browser.send(b"GET / HTTP/1.1\r\n\r\n")
                self.assertIn(b"new WebSocket", browser.rest())
            with Client(port) as client:
                self.shake_hands(client)
                for opcode, size in ((1, 0), (1, 125), (1, 126), (2, 65535), (2, 65536), (2, 300_000)):
                    data = random.Random(size).randbytes(size)
                    client.send(self.frame(opcode, data))
                    self.assertEqual((0x80 | opcode, data), self.read_frame(client))
                client.send(self.frame(1, b"in ", last=False) + self.frame(9, b"are you there") + self.frame(0, b"parts"))
                self.assertEqual((0x8a, b"are you there"), self.read_frame(client))
                self.assertEqual((0x81, b"in parts"), self.read_frame(client))
                client.send(self.frame(8, b"\x03\xe8bye"))
                self.assertEqual((0x88, b"\x03\xe8bye"), self.read_frame(client))
                self.assertEqual(b"", client.rest())
            for wrong, code in ((b"\x81\x05hello123", 1002), (self.frame(2, b"", size=1 << 40), 1009)):
                with Client(port) as client:
                    self.shake_hands(client)
                    client.send(wrong)
                    self.assertEqual((0x88, struct.pack(">H", code)), self.read_frame(client))
            self.finish()

    def test_upload_files(self):
        for board in BOARDS:
            port = self.serve("upload-files", board, 80, "uploads at port 80\n", 1)
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

            def ask(method, path, body=None):
                client.request(method, path, body)
                answer = client.getresponse()
                return answer.status, answer.read()

            data = random.Random(3).randbytes(1_000_000)
            self.assertEqual((200, b""), ask("GET", "/"))
            self.assertEqual((201, b"/big: 1000000 bytes\n"), ask("PUT", "/big", data))
            self.assertEqual((201, b"/small: 5 bytes\n"), ask("POST", "/small", b"hello"))
            self.assertEqual((201, b"/small: 2 bytes\n"), ask("PUT", "/small", b"by"))
            self.assertEqual((200, data), ask("GET", "/big"))
            self.assertEqual((200, b"by"), ask("GET", "/small"))
            self.assertEqual({b"1000000 big", b"2 small"}, set(ask("GET", "/")[1].splitlines()))
            self.assertEqual((404, b"no such file or directory\n"), ask("GET", "/nothing"))
            client.close()
            self.finish()

    def test_telnet_demo(self):
        for board in BOARDS:
            port = self.serve("telnet-demo", board, 23, "telnet at port 23\n", 1)
            with Client(port) as client:
                self.assertIn("Toro", client.line())
                client.send(b"\xff\xfd\x03\xff\xfb\x18bo\xff\xfd\x01ard\r\ncores\r\nsing\r\n")
                self.assertEqual("> " + board, client.line())
                self.assertRegex(client.line(), r"^> \d+$")
                self.assertEqual('> "sing" is not known; "help" says what there is.', client.line())
                client.send(b"quit\r\n")
                self.assertEqual(b"> Good bye.\r\n", client.rest())
            self.finish()


class Console(harness.Case):
    def test_what_is_typed_is_waited_for(self):
        for board in BOARDS:
            elf = os.path.join(harness.build_targets(board, "echo"), "tests/guest/echo/echo.elf")
            guest = self.start("run", elf, "--board", board, "--", "await-typing", stdin=subprocess.PIPE)
            said = self.console_until(guest, "type\n")
            for by, line in (("epoll", "one"), ("poll", "three")):
                guest.stdin.write(line.encode() + b"\n")
                guest.stdin.flush()
                said += self.console_until(guest, f"{by}: {len(line) + 1} bytes, {line}\n")
            guest.stdin.close()
            self.assertEqual(0, guest.wait(PATIENCE), said)


if __name__ == "__main__":
    harness.main()
