"""A debugger of one's own, attached to a guest that `toro run --listen` started."""

import signal
import socket
import subprocess

import harness
from harness import PROBE

GDB = ["gdb", "-q", "-nx", "-batch"]


class Attach(harness.Case):
    def listening(self, *words):
        process = self.start("run", PROBE, "--listen", "0", "--json", "--", *words)
        event = self.event(process, "listening")
        self.console_until(process, f"probe: {words[0]}")
        return process, event

    def gdb(self, event, *commands):
        words = GDB + [event["elf"], "-ex", f"target remote localhost:{event['port']}"]
        for command in commands:
            words += ["-ex", command]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, text=True)
        return done.stdout + done.stderr

    def lldb(self, event, *commands):
        words = ["lldb-22", "--no-lldbinit", "--batch", event["elf"], "-o", f"gdb-remote localhost:{event['port']}"]
        for command in commands:
            words += ["-o", command]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, text=True)
        return done.stdout + done.stderr

    def test_gdb_attaches_detaches_and_attaches_again(self):
        process, event = self.listening("spin")
        for _ in range(3):
            said = self.gdb(event, "bt", "detach")
            self.assertIn("spin ()", said)
            self.assertIn("detached]", said)
            self.assertIsNone(process.poll())

    def test_lldb_attaches(self):
        process, event = self.listening("spin")
        said = self.lldb(event, "bt", "detach")
        self.assertRegex(said, r"probe\.elf`.*spin")
        self.assertIn("detached", said)
        self.assertIsNone(process.poll())

    def test_a_debugger_that_goes_without_a_word_lets_the_guest_go_on(self):
        process, event = self.listening("echo")
        with socket.create_connection(("127.0.0.1", event["port"])) as debugger:
            debugger.settimeout(30)
            self.exchange(debugger, b"?", b"$T")
        # Stopped until the connection closed; now it must answer its console again.
        self.assertIn("main", self.gdb(event, "info threads", "detach"))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(143, process.wait(timeout=10))

    def test_a_second_debugger_is_turned_away(self):
        process, event = self.listening("spin")
        with socket.create_connection(("127.0.0.1", event["port"])):
            with socket.create_connection(("127.0.0.1", event["port"])) as second:
                second.settimeout(10)
                self.assertEqual(b"", second.recv(10))
            self.assertIn("in use by another", self.event(process, "debugger")["message"])

    def test_a_wedged_guest_is_stopped_by_an_nmi(self):
        _, event = self.listening("wedge")
        said = self.gdb(event, "bt", "detach")
        self.assertIn("wedge ()", said)

    def test_ctrl_c_stops_a_wedged_guest_once(self):
        process = self.start("run", PROBE, "--wait", "--json", "--", "wedge")
        event = self.event(process, "listening")
        with socket.create_connection(("127.0.0.1", event["port"])) as debugger:
            debugger.settimeout(30)
            self.exchange(debugger, b"?", b"$T")
            debugger.sendall(b"+" + packet(b"c"))
            self.console_until(process, "probe: wedge")
            debugger.sendall(b"\x03")
            self.receive(debugger, b"$T02")
            debugger.sendall(b"+" + packet(b"?"))
            self.receive(debugger, b"$T02")
            # No second stop may follow the first.
            debugger.sendall(b"+")
            debugger.settimeout(1)
            with self.assertRaises(TimeoutError):
                debugger.recv(1)

    def exchange(self, debugger, request, answer):
        debugger.sendall(packet(request))
        return self.receive(debugger, answer)

    def receive(self, debugger, answer):
        seen = b""
        while answer not in seen:
            more = debugger.recv(4096)
            self.assertNotEqual(b"", more, f"{answer} was expected, the connection closed after {seen}")
            seen += more
        return seen

    def test_boot_waits_when_it_is_asked_to(self):
        process = self.start("run", PROBE, "--wait", "--json", "--", "exit", "5")
        event = self.event(process, "listening")
        said = self.gdb(event, "break main", "continue", "detach")
        self.assertIn("Breakpoint 1, main (", said)
        self.assertEqual(5, process.wait(timeout=30))
        self.assertEqual(5, self.event(process, "exited")["status"])

    def test_a_port_in_use_is_named(self):
        _, event = self.listening("spin")
        result = self.toro("run", PROBE, "--listen", str(event["port"]))
        self.assertIn(f"toro: error: debugger port 127.0.0.1:{event['port']}", result.err)
        self.assertIn("in use by another program", result.err)
        self.assertEqual(125, result.status)


def packet(payload):
    return b"$" + payload + b"#%02x" % (sum(payload) % 256)


if __name__ == "__main__":
    harness.main()
