"""A peer that is played by hand: frames by scapy, on a tap device on which the host itself has no address."""

import os
import socket
import sys
import time
import unittest

import tap_network

try:
    import scapy  # noqa: F401
except ImportError:
    sys.path.append("/usr/lib/python3/dist-packages")  # where Debian has it, which is not where every Python looks
try:
    from scapy.layers.inet import IP, TCP, UDP
    from scapy.layers.l2 import ARP, Ether
except ImportError:
    raise unittest.SkipTest("scapy was expected: Debian has it in python3-scapy")

MAC = "02:00:00:00:00:01"
PATIENCE = 60  # seconds without an answer after which a test gives up: the machine may be loaded
ORDERS = 9  # tcp-peer's UDP port


class Wire:
    """Whose frames are sent and received: an address on the tap device that nobody else has."""

    def __init__(self, tap, address=tap_network.HOST):
        self.address = address
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
        self.socket.bind((tap, 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.mac = "ff:ff:ff:ff:ff:ff"
        self.orders = 20000

    def close(self):
        self.socket.close()

    def send(self, packet):
        self.socket.send(bytes(Ether(src=MAC, dst=self.mac) / IP(src=self.address, dst=tap_network.GUEST) / packet))

    def receive(self, end):
        """The next IP packet for us; None at `end`. Answers who asks for our address."""
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                data, (_, _, kind, _, _) = self.socket.recvfrom(65536)
            except TimeoutError:
                return None
            if kind == socket.PACKET_OUTGOING:
                continue
            frame = Ether(data)
            if ARP in frame and frame[ARP].op == 1 and frame[ARP].pdst == self.address:
                self.mac = frame.src
                self.socket.send(bytes(Ether(src=MAC, dst=frame.src) / ARP(op=2, hwsrc=MAC, psrc=self.address,
                                                                         hwdst=frame.src, pdst=frame[ARP].psrc)))
            elif IP in frame and frame[IP].dst == self.address:
                return frame[IP]
        return None

    def learn(self):
        """Asks for the guest's address until it answers."""
        for _ in range(PATIENCE):
            self.socket.send(bytes(Ether(src=MAC, dst=self.mac) / ARP(op=1, hwsrc=MAC, psrc=self.address,
                                                                     pdst=tap_network.GUEST)))
            self.socket.settimeout(1)
            try:
                while True:
                    frame = Ether(self.socket.recv(65536))
                    if ARP in frame and frame[ARP].psrc == tap_network.GUEST:
                        self.mac = frame[ARP].hwsrc
                        return
            except TimeoutError:
                continue
        raise AssertionError("the guest did not answer who asked for its address")

    def order(self, text):
        """What the program in the guest answers to an order, and the segments that came before that: the guest takes frames
        and sends in order, so that whatever it answers at once to what was sent before is among them."""
        self.orders += 1
        self.send(UDP(sport=self.orders, dport=ORDERS) / text.encode())
        segments = []
        end = time.monotonic() + PATIENCE
        while packet := self.receive(end):
            if UDP in packet and packet[UDP].dport == self.orders:
                return bytes(packet[UDP].payload)[:packet[UDP].len - 8].decode(), segments
            if TCP in packet:
                segments.append(packet[TCP])
        raise AssertionError(f"no answer to the order '{text}'")


def flags(segment):
    """Those of S, F, R, A that are set, in this order."""
    return "".join(flag for flag in "SFRA" if flag in str(segment.flags))


def distance(a, b):
    """How far a lies behind b."""
    return (a - b + (1 << 31)) % (1 << 32) - (1 << 31)
