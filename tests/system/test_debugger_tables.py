"""Tables of the kernel's objects, on four cores: by GDB, by LLDB's raw packets, and as monitor commands."""

import re

import debugger
import harness
from debugger import Gdb, Lldb

TABLES = {"threads", "mappings", "boot-stages", "cores", "counters", "heaps", "interrupts", "mailboxes", "virtqueues"}


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
            self.assertLess(int(row["stack used"]), int(row["stack size"]))
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


if __name__ == "__main__":
    harness.main()
