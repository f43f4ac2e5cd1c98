"""A network of the test's own: a network namespace with tap devices, which goes with the process.

A module whose tests need one calls enter() from its setUpModule, before it has any thread.
"""

import ctypes
import fcntl
import os
import struct
import subprocess
import unittest

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 2, 0x1000
HOST, GUEST, PREFIX = "10.9.0.1", "10.9.0.2", 24


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def leave_network(more=0):
    """The process has a network of its own from now on; whether that was possible."""
    return ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET | more) == 0


def renew():
    """Leaves our own network for another, in which nothing is left of connections that ended: TIME-WAIT keeps ports."""
    if not leave_network():
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    ip("link", "set", "lo", "up")


def enter():
    """Leaves the host's network for one of our own, which has the loopback interface alone."""
    is_root = os.geteuid() == 0
    user, group = os.getuid(), os.getgid()
    if not leave_network(0 if is_root else CLONE_NEWUSER):
        raise unittest.SkipTest(f"no network namespace may be made here: {os.strerror(ctypes.get_errno())}")
    if not is_root:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{name}", "w") as stream:
                stream.write(text)
    try:
        ip("link", "set", "lo", "up")
        make("probe")
        ip("link", "delete", "probe")
    except (OSError, subprocess.CalledProcessError) as error:
        raise unittest.SkipTest(f"no tap device may be made here: {getattr(error, 'stderr', None) or error}")


def make(name, address=None, several_queues=False):
    """A tap device, which is up; the host has `address` there, or only looks on."""
    ip("tuntap", "add", name, "mode", "tap", *(["multi_queue"] if several_queues else []))
    if address:
        ip("address", "add", f"{address}/{PREFIX}", "dev", name)
    ip("link", "set", name, "up")


def open_cable(name, address, mtu=1500):
    """A tap device with `address`, which lasts while the descriptor is open: its other end."""
    cable = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(cable, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    ip("address", "add", f"{address}/{PREFIX}", "dev", name)
    ip("link", "set", name, "mtu", str(mtu), "up")
    return cable


def option(name, offloads=True, queues=1):
    """For `--net`: a guest at GUEST. Who looks at its frames on the tap device has them without offloads."""
    return (f"tap:{name},{'' if offloads else 'offloads=off,'}{f'queues={queues},' if queues > 1 else ''}"
            f"{GUEST}/{PREFIX},{HOST}")
