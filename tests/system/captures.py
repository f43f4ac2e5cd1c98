"""What Wireshark's experts say of the frames that a guest sent."""

import shutil
import subprocess
import unittest

# Malformed, or with a wrong checksum; what the host sends may have none, for it never leaves the machine. A warning is a
# fault, but where a window is full, or a connection is reset by a program that leaves early.
_FAULTS = "_ws.malformed || tcp.checksum.status == 0 || udp.checksum.status == 0 || ip.checksum.status == 0 || " \
          "icmp.checksum.status == 0 || (_ws.expert.severity >= 6291456 && !tcp.connection.rst && tcp.flags.reset == 0 && " \
          "!tcp.analysis.window_full && !tcp.analysis.zero_window)"


# Streams are not put together: random bytes may look like a protocol whose message goes on to the stream's end, and to
# put that together again with each segment takes minutes.
_PREFERENCES = ("tcp.check_checksum:TRUE", "udp.check_checksum:TRUE", "ip.check_checksum:TRUE", "tcp.desegment_tcp_streams:FALSE")


def _shown(path, which, *options):
    preferences = [word for preference in _PREFERENCES for word in ("-o", preference)]
    result = subprocess.run(["tshark", "-n", "-r", path, *preferences, "-Y", which, *options], capture_output=True, text=True)
    if result.returncode != 0:
        raise AssertionError(f"tshark reads {path}: {result.stderr}")
    return result.stdout


def check(path, guest):
    """Of the capture at `path`, what comes from address `guest`: there is some, and no fault is found in it."""
    if shutil.which("tshark") is None:
        raise unittest.SkipTest("tshark was expected in PATH")
    its = f"(ip.src == {guest} || arp.src.proto_ipv4 == {guest})"
    if not _shown(path, its):
        raise AssertionError(f"frames from {guest} were expected in {path}")
    faults = _shown(path, f"{its} && ({_FAULTS})", "-V")
    if faults:
        raise AssertionError(faults[:3000])
