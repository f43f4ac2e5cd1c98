"""Each state of TCP with each event, on the wire: tcp_states.txt says what is right, and where RFC 9293 says so."""

import itertools
import os
import time
import unittest

import harness
import tap_network

wire = None
TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tcp_states.txt")
STATES = ("closed", "listen", "syn-sent", "syn-received", "established", "fin-wait-1", "fin-wait-2", "close-wait", "closing",
          "last-ack", "time-wait")
OPEN, SHUT = 80, 81  # ports at which somebody listens, and nobody
FIRST = 0x7fffff00  # of our sequence numbers: they go over the middle, and are far from 0
WAIT = 30  # seconds for an answer that must come
WITHOUT_SOCKET = ("closed", "listen", "syn-received")
WITH_OUR_FIN_UNDER_WAY = ("fin-wait-1", "closing", "last-ack")


def setUpModule():
    global wire
    tap_network.enter()
    import wire


def rows():
    with open(TABLE) as stream:
        for line in stream:
            if line.startswith("#"):
                continue
            name, segment, shows, cells = (part.strip() for part in line.split("|"))
            cells = cells.split()
            assert len(cells) == len(STATES), line
            yield name, segment.split(), shows, cells


class Connection:
    """The other side of one connection of the guest's."""

    def __init__(self, line, port):
        self.line, self.port = line, port
        self.theirs = OPEN
        self.next = FIRST  # of our numbers
        self.acknowledged = 0  # of theirs
        self.window = 65535

    def say(self, flags, sequence, acknowledgment=0, size=0, spoiled=()):
        more = {}
        for word in spoiled:
            what, _, value = word.partition("=")
            if what == "checksum":
                more["chksum"] = 0xbad0
            elif what == "offset":
                more["dataofs"] = int(value)
            elif what == "window":
                more["window"] = int(value)
            elif what == "reserved":
                more["reserved"] = 7
            elif what == "option":
                more["dataofs"] = 6
        more.setdefault("window", self.window)
        segment = wire.TCP(sport=self.port, dport=self.theirs, flags="" if flags == "0" else flags,
                           seq=sequence % (1 << 32), ack=acknowledgment % (1 << 32) if "A" in flags else 0, **more)
        payload = b"x" * size
        for word in spoiled:
            if word.startswith("option="):
                payload = bytes.fromhex(word[7:]) + payload
        self.line.send(segment / payload if payload else segment)

    def hear(self, wanted):
        """The first segment that `wanted` says yes to."""
        end = time.monotonic() + WAIT
        while packet := self.line.receive(end):
            if wire.TCP in packet and packet[wire.TCP].dport == self.port and wanted(packet[wire.TCP]):
                return packet[wire.TCP]
        raise AssertionError("a segment was expected and none came")

    def order(self, what, *words):
        answer, _ = self.line.order(" ".join((what, str(self.port), *words)))
        return answer

    def enter(self, state):
        if state == "closed":
            self.theirs = SHUT
            self.acknowledged = 1000
            return
        if state == "listen":
            self.acknowledged = 1000
            return
        if state == "syn-sent":
            self.line.orders += 1
            self.line.send(wire.UDP(sport=self.line.orders, dport=wire.ORDERS) / f"connect {self.port}".encode())
            syn = self.hear(lambda segment: wire.flags(segment) == "S")
            self.theirs = syn.sport
            self.acknowledged = syn.seq + 1
            return
        self.say("S", self.next)
        answer = self.hear(lambda segment: wire.flags(segment) == "SA")
        self.acknowledged = answer.seq + 1
        self.next += 1
        if state == "syn-received":
            return
        self.say("A", self.next, self.acknowledged)
        assert self.order("accept") == "established"
        if state == "established":
            return
        if state in ("close-wait", "last-ack"):
            self.say("AF", self.next, self.acknowledged)
            self.next += 1
            self.hear(lambda segment: segment.ack == self.next)
            if state == "close-wait":
                return
        self.line.orders += 1
        self.line.send(wire.UDP(sport=self.line.orders, dport=wire.ORDERS) / f"shut {self.port}".encode())
        self.hear(lambda segment: wire.flags(segment) == "FA")
        if state in ("fin-wait-2", "time-wait"):
            self.acknowledged += 1
            self.say("A", self.next, self.acknowledged)
        if state in ("closing", "time-wait"):
            self.say("AF", self.next, self.acknowledged)
            self.next += 1
            self.hear(lambda segment: segment.ack == self.next)


class States(harness.Case):
    def setUp(self):
        super().setUp()
        tap_network.make("states")
        self.line = wire.Wire("states")
        folder = harness.build_targets("qemu-microvm", "tcp-peer")
        self.guest = self.start("run", os.path.join(folder, "tests/guest/tcp-peer/tcp-peer.elf"), "--net",
                                tap_network.option("states", offloads=False))
        self.console_until(self.guest, "ready\n")
        self.line.learn()

    def tearDown(self):
        self.line.close()
        super().tearDown()
        tap_network.ip("link", "delete", "states")

    def test_each_event_in_each_state(self):
        ports = itertools.count(1024)
        count = 0
        wrong = []
        for name, segment, shows, cells in rows():
            for state, cell in zip(STATES, cells):
                count += 1
                try:
                    self.one(next(ports), state, segment, cell)
                except AssertionError as error:
                    wrong.append(f"{name} in {state.upper()} [{shows}]: {error}")
        self.assertGreaterEqual(count, 300)
        self.assertEqual([], wrong, f"of {count} cases")
        print(f"{count} cases", flush=True)
        self.assertEqual("done", self.line.order("end")[0])
        self.assertEqual(0, self.guest.wait(timeout=WAIT))

    def one(self, port, state, event, cell):
        connection = Connection(self.line, port)
        connection.enter(state)
        before = self.line.order(f"state {port}")[0]
        assert before == ("none" if state in WITHOUT_SOCKET else state), f"the state before was {before}"
        flags, sequence, acknowledgment, size = event[0], *(int(word) for word in event[1:4])
        reply, _, after = cell.partition(">")
        connection.say(flags, connection.next + sequence, connection.acknowledged + acknowledgment, size, event[4:])
        # Data, and a FIN, that are next are acknowledged, if not at once.
        is_next = sequence <= 0 < sequence + size + ("F" in flags) and not set(flags) & set("SR")
        is_sound = acknowledgment <= (state in WITH_OUR_FIN_UNDER_WAY)
        taken = sequence + size + ("F" in flags) if reply == "A" and is_next and is_sound else 0
        expected = connection.next + taken
        if state == "syn-sent" and reply == "A":
            expected = connection.next + sequence + 1
        number = connection.next + sequence
        length = size + ("S" in flags) + ("F" in flags)
        theirs = connection.acknowledged + (state in WITH_OUR_FIN_UNDER_WAY)

        def is_answer(answer):
            if reply == "R":
                return (wire.flags(answer) == "R" and answer.seq == (connection.acknowledged + acknowledgment) % (1 << 32))
            if reply == "RA":
                return wire.flags(answer) == "RA" and answer.seq == 0 and answer.ack == (number + length) % (1 << 32)
            if reply == "SA":
                again = state == "syn-received"
                return wire.flags(answer) == "SA" and answer.ack == (connection.next if again else number + 1) % (1 << 32)
            goes_with_fin = taken and wire.flags(answer) == "FA" and state in WITH_OUR_FIN_UNDER_WAY
            return (goes_with_fin or (wire.flags(answer) == "A" and answer.seq == theirs % (1 << 32))) and (
                answer.ack == expected % (1 << 32))

        def is_sent_again(answer):
            return (wire.flags(answer) == "FA" and state in WITH_OUR_FIN_UNDER_WAY or
                    wire.flags(answer) == "S" and state == "syn-sent" or wire.flags(answer) == "SA" and (
                        "syn-received" in (state, after) or state == "listen" or reply == "SA"))

        if reply != ".":
            got = connection.hear(lambda answer: is_answer(answer) or not is_sent_again(answer))
            assert is_answer(got), f"{reply} was expected, {got.sprintf('%TCP.flags% %TCP.seq% %TCP.ack%')} was found"
        order = "accept" if state == "syn-received" and after != "closed" and after else "state"
        found, others = self.line.order(f"{order} {port}")
        others = [one for one in others if one.dport == port and not is_sent_again(one)]
        assert not others, f"nothing more was expected, {[one.sprintf('%TCP.flags% %TCP.seq% %TCP.ack%') for one in others]}"
        wanted = after or before
        if state in WITHOUT_SOCKET and wanted == "closed":
            wanted = "none"
        assert found == wanted, f"{wanted} was expected afterwards, {found} was found"
        # Whatever is left of it goes.
        connection.say("R", expected)
        self.line.order(f"close {port}")


if __name__ == "__main__":
    harness.main()
