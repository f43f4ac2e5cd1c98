"""The many clients of tests/guest/load-server, an HTTP server of one thread."""

import contextlib
import http.client
import os
import resource
import socket
import time

import harness

PATIENCE = 60  # seconds for an answer: the machine may be loaded
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def build():
    folder = harness.build_targets("qemu-microvm", "load-server")
    return os.path.join(folder, "tests/guest/load-server/load-server.elf")


class Server:
    def __init__(self, host, port):
        self.address = host, port

    def fetch(self, path="/"):
        """What a client of its own is answered."""
        client = http.client.HTTPConnection(*self.address, timeout=PATIENCE)
        with contextlib.closing(client):
            client.request("GET", path)
            answer = client.getresponse()
            if answer.status != 200:
                raise AssertionError(f"{path}: 200 was expected, {answer.status} was answered")
            return answer.read()

    def memory(self):
        """How many bytes of the guest's heap are in use."""
        return int(self.fetch("/memory"))

    def memory_until(self, bound, patience=PATIENCE):
        """The same, once it is hardly more than `bound`: connections end when the guest has been told."""
        end = time.monotonic() + patience
        while (used := self.memory()) > bound + 4096:
            if time.monotonic() > end:
                raise AssertionError(f"{used - bound} bytes more than before are in use still")
            time.sleep(0.1)  # each question takes a port of ours, which TIME-WAIT keeps
        return used

    @contextlib.contextmanager
    def connections(self, count, source=None):
        """So many at once, from the address `source` where that matters."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        with contextlib.ExitStack() as stack:
            stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
            address = (source, 0) if source else None
            yield [stack.enter_context(socket.create_connection(self.address, PATIENCE, address)) for _ in range(count)]


def ask_all(connections):
    """Each is answered."""
    for connection in connections:
        connection.sendall(REQUEST)
    for connection in connections:
        answer = connection.recv(1024)
        if not answer.endswith(b"hello"):
            raise AssertionError(f"hello was expected, {answer!r} came")
