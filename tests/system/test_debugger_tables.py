"""Tables of the kernel's objects, on four cores: by GDB, by LLDB's raw packets, and as monitor commands."""

import json
import re
import socket

import debugger
import harness
from debugger import Gdb, Lldb

TABLES = {"threads", "mappings", "boot-stages", "cores", "counters", "files", "heaps", "interrupts", "mailboxes", "mounts",
          "sockets", "virtqueues"}
SOCKET = ("protocol", "state", "local address", "local port", "remote address", "remote port", "descriptor")


def rows_of(gdb, table):
    """The rows of `info os TABLE`, each a dictionary by column."""
    record = gdb.mi(f"-info-os {table}")
    names = re.findall(r'colhdr="([^"]*)"', record)
    rows = []
    for body in re.findall(r'item=\{([^}]*)\}', record):
        values = re.findall(r'col\d+="([^"]*)"', body)
        rows.append(dict(zip(names, values)))
    return rows


class Tables(debugger.Case):
    def arrived(self):
        guest = self.boot("cores-arrive", options=("--cores", "4"), wait=True)
        gdb = Gdb(self, guest)
        gdb("break core_arrives if core == 3")
        gdb.go("continue")
        return guest, gdb

    def test_every_table(self):
        guest, gdb = self.arrived()
        listed = {row["Type"] for row in rows_of(gdb, "")}
        self.assertEqual(TABLES, listed)
        cores = rows_of(gdb, "cores")
        self.assertEqual(["0", "1", "2", "3"], [row["core"] for row in cores])
        threads = rows_of(gdb, "threads")
        self.assertEqual({"0", "1", "2", "3"}, {row["core"] for row in threads})
        running = {row["core"]: row["name"] for row in threads if row["state"] == "running"}
        self.assertEqual({row["core"]: row["name"] for row in cores}, running)
        for row in threads:
            self.assertTrue(row["stack size"] == "0" or int(row["stack used"]) < int(row["stack size"]), row)
        self.assertEqual(["0", "1", "2", "3"], [row["core"] for row in rows_of(gdb, "heaps")])
        self.assertTrue(all(int(row["bytes used or kept"]) > 0 for row in rows_of(gdb, "heaps")))
        self.assertTrue(all(row["done"] == "yes" or row["stage"] == "debugger"
                            for row in rows_of(gdb, "boot-stages")))
        self.assertIn(("0", "1"), {(row["to core"], row["from core"]) for row in rows_of(gdb, "mailboxes")})
        timers = [row for row in rows_of(gdb, "interrupts") if row["vector"] == "32"]
        self.assertEqual(["0", "1", "2", "3"], [row["core"] for row in timers])
        self.assertEqual(["0", "1", "2", "3"], [row["core"] for row in rows_of(gdb, "counters")])

    def test_mappings_are_those_of_the_image(self):
        guest, gdb = self.arrived()
        at = gdb.value("&core_arrives", "d")
        rows = [row for row in rows_of(gdb, "mappings") if int(row["start"], 0) <= int(at) < int(row["end"], 0)]
        self.assertEqual(["r-x"], [row["rights"] for row in rows])
        self.assertNotIn("rwx", {row["rights"] for row in rows_of(gdb, "mappings")})

    def test_a_queue_that_a_device_contradicts_is_marked(self):
        guest, gdb = self.arrived()
        queues = rows_of(gdb, "virtqueues")
        self.assertEqual({"console"}, {row["device"] for row in queues})
        for row in queues:
            self.assertEqual("", row["disagreement"])
            self.assertEqual((int(row["available"]) - int(row["taken back"])) % 65536, int(row["in flight"]))
            self.assertLessEqual(int(row["free"]), int(row["descriptors"]))
        place = f"(*(toro::virtio::SplitQueue*){queues[0]['object']}).memory_"
        gdb(f"set var {place}.used->index = {place}.used->index + 100")
        self.assertIn("used more", rows_of(gdb, "virtqueues")[0]["disagreement"])
        gdb(f"set var {place}.used->index = {place}.used->index - 100")
        gdb(f"set var {place}.available[1] = 77")
        self.assertIn("overwritten", rows_of(gdb, "virtqueues")[0]["disagreement"])

    def test_mounts_and_open_files(self):
        guest = self.boot("files", wait=True)
        gdb = Gdb(self, guest)
        gdb("break main")
        gdb.go("continue")
        self.assertEqual(["/"], [row["path"] for row in rows_of(gdb, "mounts")])
        self.assertEqual(["console"] * 3, [row["kind"] for row in rows_of(gdb, "files")])
        gdb("break stage")
        gdb.go("continue")
        [root] = rows_of(gdb, "mounts")
        self.assertEqual(("/", "memory", "0", "no", "2"),
                         (root["path"], root["kind"], root["core"], root["read only"], root["in use by"]))
        file, directory, copy = rows_of(gdb, "files")[3:]
        self.assertEqual(("3", "regular", "/", "12", "2", "yes"),
                         tuple(file[name] for name in ("descriptor", "type", "mount", "position", "references",
                                                       "close on exec")))
        self.assertEqual(("4", "directory"), (directory["descriptor"], directory["type"]))
        self.assertEqual((file["object"], "no"), (copy["object"], copy["close on exec"]))
        gdb("delete")
        gdb.detach()
        guest.ends(0)

    def test_sockets(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            guest = self.boot("sockets", options=("--vsock", f"7:{server.getsockname()[1]}"), wait=True)
            gdb = Gdb(self, guest)
            gdb("break main")
            gdb.go("continue")
            self.assertEqual([], rows_of(gdb, "sockets"))
            gdb("break stage")
            gdb.go("continue")
            rows = rows_of(gdb, "sockets")
            sockets = {row["descriptor"]: row for row in rows if row["descriptor"]}
            port = {number: row["local port"] for number, row in sockets.items()}
            lo = "127.0.0.1"
            self.assertEqual([
                ("TCP", "LISTEN", lo, "7000", "", "", "3"), ("vsock", "LISTEN", "3", "7004", "", "", "12"),
                ("UDP", "", lo, "7001", "0.0.0.0", "0", "8"), ("UDP", "", lo, "7002", "0.0.0.0", "0", "9"),
                ("UDP", "", lo, "7003", "0.0.0.0", "0", "10"), ("UDP", "", "0.0.0.0", port["11"], lo, "7003", "11")],
                [tuple(row[name] for name in SOCKET) for row in rows[:6]])
            self.assertCountEqual([
                ("TCP", "ESTABLISHED", lo, port["4"], lo, "7000", "4"), ("TCP", "ESTABLISHED", lo, "7000", lo, port["4"], "5"),
                ("TCP", "ESTABLISHED", lo, port["6"], lo, "7000", "6"), ("TCP", "ESTABLISHED", lo, "7000", lo, port["6"], ""),
                ("vsock", "ESTABLISHED", "3", port["13"], "2", "7", "13")],
                [tuple(row[name] for name in SOCKET) for row in rows[6:]])
            self.assertEqual(("0", "1", "5", "lo", "0"),
                             tuple(sockets["3"][name] for name in ("half open", "waiting", "backlog", "interface", "core")))
            self.assertEqual(("0", "3"), tuple(sockets["12"][name] for name in ("waiting", "backlog")))
            self.assertEqual(("12", "0"), tuple(sockets["5"][name] for name in ("receive queue", "retransmissions")))
            # Until the acknowledgment, which may be delayed. [RFC 9293 3.8.6.3]
            self.assertIn([sockets["4"][name] for name in ("send queue", "in flight")], (["12"] * 2, ["0"] * 2))
            self.assertEqual(int(sockets["4"]["send window"]) - int(sockets["4"]["in flight"]),
                             int(sockets["5"]["receive window"]))
            self.assertGreater(int(sockets["10"]["receive queue"]), 6)
            self.assertEqual(5, gdb.value(f"(*(toro::inet::TcpListener*){sockets['3']['object']}).backlog_"))
            gdb.go("continue")
            states = {row["descriptor"]: row["state"] for row in rows_of(gdb, "sockets")}
            self.assertEqual(("FIN-WAIT-2", "CLOSE-WAIT"), (states["4"], states["5"]))
            self.no_instruction_hides_a_socket(gdb)
            gdb("delete")
            gdb.detach()
            guest.ends(0)

    def no_instruction_hides_a_socket(self, gdb):
        """While the second of three in a list goes, instruction by instruction, both others are there."""
        gdb("tbreak toro::inet::UdpSocket::~UdpSocket")
        gdb.go("continue")
        seen = []
        for _ in range(200):
            ports = [row["local port"] for row in rows_of(gdb, "sockets") if row["protocol"] == "UDP"]
            if not seen or seen[-1] != ports:
                seen.append(ports)
            if len(seen) == 2:
                break
            gdb.go("stepi")
        self.assertEqual(["7001", "7002", "7003"], seen[0][:3])
        self.assertEqual(["7001", "7003"], seen[1][:2])
        self.assertEqual(4, len(seen[0]))
        self.assertEqual(3, len(seen[1]))
        gdb.go("continue")

    def test_sockets_at_any_moment(self):
        guest = self.boot("churn", wait=True)
        gdb = Gdb(self, guest)
        gdb("tbreak stage")
        gdb.go("continue")
        [listener, *connections] = rows_of(gdb, "sockets")
        self.assertEqual((["4", "5"], "16"), (sorted(row["descriptor"] for row in connections), listener["backlog"]))
        stay = {row["object"] for row in (listener, *connections)}
        beats = gdb.value("beats", "d")
        most = 0
        for _ in range(40):
            gdb.let_run()
            gdb.interrupt()
            rows = rows_of(gdb, "sockets")
            objects = [row["object"] for row in rows]
            self.assertEqual(len(set(objects)), len(objects))
            self.assertLessEqual(stay, set(objects), rows)
            self.assertLessEqual(len(rows), 6, rows)
            for row in rows:
                self.assertIn(row["protocol"], ("TCP", "UDP"))
                self.assertLess(int(row["in flight"] or 0), 1 << 20, row)
            most = max(most, len(rows))
        self.assertGreater(most, 3)
        self.assertGreater(gdb.value("beats", "d"), beats)
        gdb("set var released = 1")
        gdb.detach()
        guest.ends(0)

    def test_as_monitor_commands_of_both(self):
        guest, gdb = self.arrived()
        for table in TABLES - {"mappings"}:
            lines = gdb(f"monitor {table}").splitlines()
            self.assertEqual(len(rows_of(gdb, table)) + 1, len(lines), lines)
        gdb.detach()
        lldb = Lldb(self, guest)
        self.assertRegex(lldb("process plugin packet monitor cores"), r"(?m)^3 +3 +0 +\d+ +on-core-3")
        lldb("process plugin packet monitor poweroff")
        guest.ends(137)

    def test_as_json_of_the_broker(self):
        guest, gdb = self.arrived()
        tables = debugger.Tables(self, guest.tables_port)
        self.assertEqual(TABLES, {row["Type"] for row in tables.ask("")["rows"]})
        for table in TABLES:
            answer = tables.ask(table)
            self.assertEqual(table, answer["table"])
            # The debug port's own queues count the questions.
            still = ("device", "queue", "descriptors", "object") if table == "virtqueues" else (answer["rows"] or [()])[0]
            self.assertEqual([[row[column] for column in still] for row in rows_of(gdb, table)],
                             [[row[column] for column in still] for row in answer["rows"]])
        self.assertIn("name of a table was expected", tables.ask("nothing")["error"])
        self.assertIn("a table's name was expected", tables.ask("Cores;")["error"])
        names = sorted(TABLES)
        self.assertEqual(names, [answer["table"] for answer in tables.ask(*names)])

    def test_json_between_the_debuggers_own_questions(self):
        guest, gdb = self.arrived()
        tables = debugger.Tables(self, guest.tables_port)
        gdb("delete")
        gdb("set scheduler-locking on")  # so that no other core's stop comes between
        at = gdb.value("$pc", "d")
        for _ in range(30):
            number = gdb.send("stepi")
            tables.stream.write("cores\n")
            tables.stream.flush()
            result, stops = gdb.result(number)
            gdb.stopped(stops)
            answer = json.loads(tables.stream.readline())
            # Asked while the step ran, or when it had ended: either is told, and neither disturbs the step.
            self.assertTrue(len(answer.get("rows", ())) == 4 or "runs" in answer["error"], answer)
        self.assertNotEqual(at, gdb.value("$pc", "d"))
        self.assertEqual(4, len(tables.ask("cores")["rows"]))

    def test_json_where_nobody_has_stopped_the_guest(self):
        guest = self.boot("beat")
        tables = debugger.Tables(self, guest.tables_port)
        self.assertIn("none is connected", tables.ask("cores")["error"])
        gdb = Gdb(self, guest)
        self.assertEqual(1, len(tables.ask("cores")["rows"]))
        gdb.let_run()
        self.assertIn("runs", tables.ask("cores")["error"])
        gdb.interrupt()
        self.assertEqual(1, len(tables.ask("cores")["rows"]))
        gdb.detach()
        self.assertIn("none is connected", tables.ask("cores")["error"])
        guest.goes_on()


if __name__ == "__main__":
    harness.main()
