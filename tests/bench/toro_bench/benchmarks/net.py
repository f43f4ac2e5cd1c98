"""What a server costs its clients: HTTP/1.1, datagrams, and messages on TCP."""
import os
import re
import shutil

from linux import linux_guest
from toro_bench.bench import LINUX_MEMORY_MIB
from toro_bench.guest import Guest, Network, with_option, with_tap
from toro_bench.model import SUBJECT, Group, Measurement, Row, Sample, Turn

TITLE = "what a server costs its clients"
ABOUT = ("One server (epoll, one thread), compiled from one source for both; one core. HTTP/1.1 by wrk: 32 connections that "
         "stay, with answers of 128 bytes; as many with a connection for each request; 4 with answers of 1 MiB. Datagrams of 64 "
         "bytes that are sent back, 64 of them under way. A message of 64 bytes on TCP and its return, the median. "
         "On a tap device in a network namespace of its own; through QEMU's user networking; and by vsock, through the "
         "SDK's bridge. QEMU has one core of the host, what loads it another one; anywhere: "
         "the tap device again, where the host's scheduler has both.")

SECONDS = 2  # each load
ROUNDS = 3
HTTP, ECHO = 80, 7  # of the server
VSOCK_HTTP = 81     # where the bridge has the server's port 80 of vsock
LOOPBACK = "127.0.0.1"
_MICROSECONDS = {"us": 1, "ms": 1e3, "s": 1e6}

# QEMU has one core of the host, and what loads it another.
_ON_CORES = [("taskset", "--cpu-list", str(core)) for core in sorted(os.sched_getaffinity(0))[:2]]
_ANYWHERE = (), ()
_APART = _ON_CORES if len(_ON_CORES) == 2 else _ANYWHERE


def wrk_figures(said):
    """Requests in a second, and the µs within which 99 of 100 were answered, as wrk tells them."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    late = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    if not rate or not float(rate[1]) or not late or "errors" in said or "Non-2xx" in said:
        raise Measurement(f"wrk was expected to find every request answered, it said {said.strip()!r}")
    return float(rate[1]), float(late[1]) * _MICROSECONDS[late[2]]


class _Client:
    def __init__(self, bench, network, address, port=HTTP, cores=_APART):
        self._network, self._address, self._port = network, address, port
        self.is_tap = address == Network.GUEST
        _, self._on_core = cores
        self._echo_load = bench.host_program("load/echo_load.cpp")

    def wrk(self, connections, path="/", *headers):
        return wrk_figures(self._network.run(
            *self._on_core, "wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency",
            *(word for header in headers for word in ("-H", header)), f"http://{self._address}:{self._port}{path}"))

    def echo(self, kind):
        """Nanoseconds, as echo_load tells."""
        return float(self._network.run(*self._on_core, self._echo_load, kind, self._address, str(ECHO), str(SECONDS * 1000)))


def _streams(client):
    """(key, what, unit, value) of each, as _all."""
    rate, _ = client.wrk(32, "/", "Connection: close")
    yield "connection", "a connection with one request, 32 at once", "µs", 1e6 / rate
    rate, _ = client.wrk(4, "/1m")
    yield "get-1m", "1 MiB, 4 connections", "µs", 1e6 / rate


def _messages(client):
    rate, late = client.wrk(32)
    yield "keep-alive", "a request, 32 connections", "µs", 1e6 / rate
    # User networking's own listener has room for one connection: what the host's kernel drops of 32 at once, and sends
    # anew after 0.2 s to 1 s, is no figure of the guest's.
    if client.is_tap:
        yield "keep-alive-99", "99 of 100 such requests within", "µs", late
    yield "ping-pong", "a message on TCP and its return", "µs", client.echo("ping-pong") / 1e3


def _all(client):
    yield from _messages(client)
    yield from _streams(client)
    yield "udp", "a datagram and its return, 64 at once", "µs", client.echo("udp") / 1e3


def _samples(way, figures, series=None):
    for key, what, unit, value in figures:
        yield Sample(Row(f"{way}.{key}", f"{way}: {what}", unit), value, series)


def _forwards(*more):
    return (f"{HTTP}:{HTTP}", f"{ECHO}:{ECHO}", f"udp:{ECHO}:{ECHO}", *more)


def _toro(bench, forwards):
    return bench.command(bench.image("bench-net"), memory_mib=LINUX_MEMORY_MIB, forwards=forwards)


def _linux(bench, forwards):
    return bench.linux_command("programs/net", modules=linux_guest.NETWORK_MODULES, forwards=forwards)


def _server(network, command, before="", cores=_APART):
    on_core, _ = cores
    return Guest([*on_core, *command], before=before, network=network)


def _tap(bench, network, way, figures, cores):
    def measured(command):
        with _server(network, with_tap(command), cores=cores) as guest:
            guest.until(rb"serving")
            yield from _samples(way, figures(_Client(bench, network, Network.GUEST, cores=cores)))

    forwards = _forwards()
    address = f"toro.net0={Network.GUEST}/{Network.PREFIX}"
    return Group([Turn(SUBJECT, lambda: measured(with_option(_toro(bench, forwards), address))),
                  Turn("linux", lambda: measured(_linux(bench, forwards)))], ROUNDS)


def _user(bench, network):
    def toro():
        forwards = _forwards(f"vsock:{VSOCK_HTTP}:{HTTP}")
        with _server(network, _toro(bench, forwards), bench.servers(forwards=forwards)) as guest:
            guest.until(rb"serving")
            yield from _samples("user", _all(_Client(bench, network, LOOPBACK)))
            yield from _samples("vsock", _streams(_Client(bench, network, LOOPBACK)), "tcp")
            yield from _samples("vsock", _streams(_Client(bench, network, LOOPBACK, VSOCK_HTTP)))

    def linux():
        with _server(network, _linux(bench, _forwards())) as guest:
            guest.until(rb"serving")
            yield from _samples("user", _all(_Client(bench, network, LOOPBACK)))

    return Group([Turn(SUBJECT, toro), Turn("linux", linux)], ROUNDS)


def groups(bench):
    if bench.short:
        return
    for program in ("wrk", "ip"):
        if shutil.which(program) is None:
            raise Measurement(f"{program} was expected in PATH: `toro setup --for bench` installs it")
    with Network() as network:
        yield _tap(bench, network, "tap", _all, _APART)
        yield _tap(bench, network, "anywhere", _messages, _ANYWHERE)
        yield _user(bench, network)
