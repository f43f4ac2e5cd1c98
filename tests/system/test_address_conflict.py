"""An address that another machine has, too: what a guest on a tap device says and does. [RFC 5227, RFC 2131 3.1]"""

import socket
import time

import harness
import load_server
import tap_network

wire = None
PATIENCE = 60  # seconds: the machine may be loaded
OTHER = "02:00:00:00:00:99"
OFFERED = ("10.9.0.50", "10.9.0.51")
EVERYBODY = "ff:ff:ff:ff:ff:ff"


def setUpModule():
    global wire
    tap_network.enter()
    import wire


class Conflict(harness.Case):
    def setUp(self):
        super().setUp()
        tap_network.make("guest", tap_network.HOST)
        self.addCleanup(tap_network.ip, "link", "delete", "guest")
        self.line = wire.Wire("guest")
        self.addCleanup(self.line.close)

    def send(self, packet, source=None):
        self.line.socket.send(bytes(wire.Ether(src=source or wire.MAC, dst=EVERYBODY) / packet))

    def frames(self):
        """Those of the guest, as they come."""
        end = time.monotonic() + PATIENCE
        while (left := end - time.monotonic()) > 0:
            self.line.socket.settimeout(left)
            data, (_, _, kind, _, _) = self.line.socket.recvfrom(65536)
            if kind != socket.PACKET_OUTGOING:
                yield wire.Ether(data)
        self.fail("the guest was expected to go on")

    def test_a_static_address_is_kept(self):
        guest = self.start("run", "static-web-server", "--net", tap_network.option("guest"), "--", "80")
        self.console_until(guest, "serving at port 80\n")
        self.send(wire.ARP(op=1, hwsrc=OTHER, psrc=tap_network.GUEST, pdst=tap_network.GUEST), OTHER)
        self.console_until(guest, f"toro: net0: {tap_network.GUEST} is the address of {OTHER}, too\n")
        load_server.Server(tap_network.GUEST, 80).fetch()
        self.assertIsNone(guest.poll())

    def test_an_address_of_dhcp_is_declined_and_another_asked_for(self):
        from scapy.layers.dhcp import BOOTP, DHCP

        guest = self.start("run", "static-web-server", "--net", "tap:guest", "--", "80")
        declined = []
        for frame in self.frames():
            if wire.ARP in frame and frame[wire.ARP].psrc == "0.0.0.0":
                if frame[wire.ARP].pdst == OFFERED[1]:
                    break  # it has that one now, and probes it
                self.send(wire.ARP(op=2, hwsrc=OTHER, psrc=OFFERED[0], hwdst=frame.src, pdst="0.0.0.0"), OTHER)
            if DHCP not in frame:
                continue
            asked = dict(option for option in frame[DHCP].options if isinstance(option, tuple))
            kind = {1: "offer", 3: "ack"}.get(asked["message-type"])
            if kind is None:
                self.assertEqual(4, asked["message-type"])
                self.assertEqual(tap_network.HOST, asked["server_id"])
                declined.append(asked["requested_addr"])
                continue
            self.send(wire.IP(src=tap_network.HOST, dst="255.255.255.255") / wire.UDP(sport=67, dport=68) /
                      BOOTP(op=2, xid=frame[BOOTP].xid, yiaddr=OFFERED[len(declined)], chaddr=frame[BOOTP].chaddr) /
                      DHCP(options=[("message-type", kind), ("server_id", tap_network.HOST), ("lease_time", 3600),
                                    ("subnet_mask", "255.255.255.0"), "end"]))
        self.assertEqual([OFFERED[0]], declined)
        self.console_until(guest, f"toro: net0: {OFFERED[0]} is the address of {OTHER}, too\n")
        load_server.Server(OFFERED[1], 80).fetch()
        self.assertIsNone(guest.poll())


if __name__ == "__main__":
    harness.main()
