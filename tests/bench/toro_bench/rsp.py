"""A client of the GDB remote protocol, as thin as it can be: what is measured is the stub. [GDB manual, appendix E]"""
import json
import re
import socket
import subprocess

from toro_bench.guest import PATIENCE, end_with_parent
from toro_bench.model import Measurement


class Stopped:
    """A guest that waits for its debugger, and the line to its stub; `with Stopped(tool, words) as target`."""

    def __init__(self, tool, words):
        self._command = [str(word) for word in [tool, "run", *words]]

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.PIPE, text=True, preexec_fn=end_with_parent)
        try:
            self._connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _connect(self):
        self._socket = socket.create_connection(("127.0.0.1", self._port()), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._waiting = b""
        self._acknowledges = True
        supported = self.ask("qSupported:swbreak+;hwbreak+;vContSupported+")
        size = re.search(r"PacketSize=([0-9a-fA-F]+)", supported)
        self.packet_size = int(size[1], 16) if size else 1024
        if self.ask("QStartNoAckMode") == "OK":
            self._acknowledges = False
        self.ask("?")

    def __exit__(self, *_):
        if hasattr(self, "_socket"):
            self._socket.close()
        self._process.terminate()  # and with the command, its guest
        self._process.wait()
        self._process.stdin.close()
        self._process.stderr.close()

    def _port(self):
        said = ""
        for line in self._process.stderr:
            said += line
            if line.startswith('{"event":') and (event := json.loads(line))["event"] == "listening":
                return event["port"]
        raise Measurement(f"toro run was expected to listen and ended: {said.strip()}")

    def _receive(self):
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            data = b""
        if not data:
            raise Measurement("the stub was expected to answer and did not")
        self._waiting += data

    def send(self, packet):
        data = packet.encode()
        self._socket.sendall(b"$%s#%02x" % (data, sum(data) & 255))

    def reply(self):
        while not (found := re.search(rb"\$([^#]*)#..", self._waiting, re.DOTALL)):
            self._receive()
        self._waiting = self._waiting[found.end():]
        if self._acknowledges:
            self._socket.sendall(b"+")
        return found[1].decode("latin-1")

    def ask(self, packet):
        self.send(packet)
        return self.reply()

    def distance(self, image):
        """How far the image has moved; 0 by a stub that cannot tell."""
        place = re.fullmatch(r"TextSeg=(\w+)", self.ask("qOffsets"))
        return int(place[1], 16) - image.low if place else 0

    def resume(self, packet):
        """Sends a packet that lets the guest run, and waits for it to stop."""
        reply = self.ask(packet)
        while reply.startswith("O") and reply != "OK":  # the console's
            reply = self.reply()
        if not reply.startswith(("T", "S")):
            raise Measurement(f"a stop was expected after {packet}, found was {reply!r}")

    def interrupt(self):
        self._socket.sendall(b"\x03")
        if not (reply := self.reply()).startswith(("T", "S")):
            raise Measurement(f"a stop was expected after an interrupt, found was {reply!r}")
