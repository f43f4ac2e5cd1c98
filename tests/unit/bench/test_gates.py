"""Limits: what holds, what does not, and what nobody measured."""
import unittest

from reports import report
from toro_bench.gates import Gate, broken_gates, read_gates


def gate(limit=100, row="yield", series="toro", exact=True):
    return Gate("threads", row, series, limit, exact)


class Gates(unittest.TestCase):
    def setUp(self):
        self.report = report({"yield": (True, {"toro": [100], "linux": [900]})})

    def test_the_limit_itself_holds(self):
        self.assertEqual([], broken_gates([gate(100)], self.report))

    def test_beyond_the_limit_is_said(self):
        [sentence] = broken_gates([gate(99)], self.report)
        self.assertEqual("threads: yield of toro: at most 99 instructions expected, 100 found", sentence)

    def test_a_gate_without_a_figure_is_broken(self):
        self.assertEqual(1, len(broken_gates([gate(row="renamed")], self.report)))
        self.assertEqual(1, len(broken_gates([gate(series="toro debug")], self.report)))

    def test_what_wavers_breaks_nothing(self):
        self.assertEqual([], broken_gates([gate(99, exact=False), gate(row="renamed", exact=False)], self.report))

    def test_a_benchmark_that_did_not_run_breaks_nothing(self):
        self.assertEqual([], broken_gates([Gate("heap", "malloc", "toro", 1, True)], self.report))

    def test_the_committed_gates_can_be_read_and_name_each_figure_once(self):
        gates = read_gates()
        self.assertTrue(gates)
        self.assertEqual(len(gates), len({(gate.benchmark, gate.row, gate.series) for gate in gates}))


if __name__ == "__main__":
    unittest.main()
