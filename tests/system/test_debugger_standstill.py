"""A guest that a debugger has held for a while goes on as if nothing had been: its TCP connections with what came
meanwhile, its timers one at a time. TORO_STANDSTILL says for how many seconds."""

import os
import socket
import threading
import time

import debugger
import harness
from debugger import PATIENCE, Guest, Wire
from test_sockets import free_port

SECONDS = float(os.environ.get("TORO_STANDSTILL", 5))  # some retransmissions of both sides


class Standstill(debugger.Case):
    def stand(self, guest):
        with Wire(self, guest) as wire:
            self.assertTrue(wire.ask(b"?").startswith(b"T"))
            debugger.select_nothing(SECONDS)
            self.assertEqual(b"OK", wire.ask(b"D"))

    def test_a_connection(self):
        folder = harness.build_targets("qemu-microvm", "echo")
        port, data = free_port(socket.SOCK_STREAM), os.urandom(1 << 20)
        guest = Guest(self, ["serve", "7", "1"], ["--forward", f"{port}:7"],
                      image=os.path.join(folder, "tests/guest/echo/echo.elf"))
        guest.says("listening at port 7\n")
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS + PATIENCE) as connection:
            connection.sendall(b"before")
            self.assertEqual(b"before", connection.recv(6))
            stand = threading.Thread(target=self.stand, args=(guest,))
            stand.start()
            guest.logged(lambda line: line[1] == "stub" and line[2].startswith("$T"))
            sender = threading.Thread(target=connection.sendall, args=(data,))
            sender.start()
            back = bytearray()
            while len(back) < len(data):
                part = connection.recv(1 << 16)
                self.assertNotEqual(b"", part, f"the connection ended after {len(back)} bytes")
                back += part
            self.assertEqual(data, back)
            sender.join()
            stand.join()
        guest.ends(0)

    def test_timers(self):
        guest = self.boot("beat")
        guest.goes_on()
        self.stand(guest)
        heard, begin = len(guest.console.text), time.monotonic()
        guest.says(r"(beat \d+\n(.*\n)*){20}", heard)
        self.assertGreater(time.monotonic() - begin, 0.05)  # 5 ms between each two, also of those that were due


if __name__ == "__main__":
    harness.main()
