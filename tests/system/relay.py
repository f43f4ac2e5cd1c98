"""A bad cable between two ends: frames are lost, doubled, reordered, damaged and late, as a seed says."""

import dataclasses
import heapq
import os
import random
import select
import socket
import threading
import time


@dataclasses.dataclass
class Cable:
    """Chances are parts of 1, times in seconds."""
    loss: float = 0
    duplication: float = 0
    reordering: float = 0
    corruption: float = 0
    delay: float = 0.002


class Relay(threading.Thread):
    """Between descriptors from which each read takes a frame; they stay the caller's. `with` runs it."""

    def __init__(self, one, other, cable, seed):
        super().__init__(daemon=True)
        self.ends = {one: other, other: one}
        self.cable = cable
        self.random = random.Random(seed)
        self.late = []  # heap of (when, number, where to, frame)
        self.number = 0
        self.wake, self.stop = os.pipe()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        os.close(self.stop)
        self.join()
        os.close(self.wake)

    def chance(self, of):
        return of > 0 and self.random.random() < of

    def carry(self, to, frame):
        cable = self.cable
        if self.chance(cable.loss):
            return
        for _ in range(2 if self.chance(cable.duplication) else 1):
            at = time.monotonic() + cable.delay
            if self.chance(cable.reordering):
                at += self.random.random() * 3 * cable.delay
            copy = frame
            if self.chance(cable.corruption):
                copy = bytearray(frame)
                copy[self.random.randrange(14, len(copy))] ^= 1 << self.random.randrange(8)
            self.number += 1
            heapq.heappush(self.late, (at, self.number, to, bytes(copy)))

    def run(self):
        while True:
            left = max(0, self.late[0][0] - time.monotonic()) if self.late else None
            ready, _, _ = select.select([*self.ends, self.wake], [], [], left)
            if self.wake in ready:
                return
            for end in ready:
                try:
                    self.carry(self.ends[end], os.read(end, 65536))
                except BlockingIOError:
                    pass
            while self.late and self.late[0][0] <= time.monotonic():
                _, _, to, frame = heapq.heappop(self.late)
                try:
                    os.write(to, frame)
                except BlockingIOError:
                    pass  # lost, as on any cable


def plug(tap):
    """The near end of a tap device that another process holds open, as a socket."""
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
    end.setsockopt(263, 23, 1)  # SOL_PACKET, PACKET_IGNORE_OUTGOING
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    end.bind((tap, 0))
    end.setblocking(False)
    return end
