"""Tables, the generated page, and reports on disk."""
import tempfile
import unittest
from pathlib import Path

from reports import report
from toro_bench.model import Measurement, Missing
from toro_bench.page import page_of
from toro_bench.report import read_report, write_report
from toro_bench.table import as_text, number, table_of

ROWS = {"yield": (False, {"toro": [10.0, 20.0, 30.0], "linux": [200.0, 200.0]}), "size": (True, {"toro": [65000]})}


class Tables(unittest.TestCase):
    def setUp(self):
        self.report = report(ROWS)
        [self.benchmark] = self.report["benchmarks"]

    def test_cells_have_spread_and_references_their_ratio(self):
        heading, times, counts = table_of(self.benchmark, {})
        self.assertEqual(["", "unit", "toro", "linux"], heading)
        self.assertEqual(["what yield is", "ns", "20 [15–25]", "200 [200–200] (×10)"], times)
        self.assertEqual(["what size is", "instructions", "65,000", ""], counts)

    def test_limits_and_what_is_beyond_them(self):
        limits = {("threads", "yield", "toro"): 20, ("threads", "size", "toro"): 64000}
        _, times, counts = table_of(self.benchmark, limits)
        self.assertEqual(["≤ 20", "≤ 64,000 BEYOND"], [times[-1], counts[-1]])

    def test_nothing_has_no_ratio(self):
        for toro, floor in ((0, 3), (3, 0)):
            [benchmark] = report({"idle": (False, {"toro": [toro], "floor": [floor]})})["benchmarks"]
            self.assertEqual(str(floor), table_of(benchmark, {})[1][3])

    def test_text_lines_up(self):
        lines = as_text(self.benchmark, {}).splitlines()
        self.assertEqual("threads: what threads cost", lines[0])
        self.assertEqual(lines[1].index("toro"), lines[2].index("20 ["))

    def test_numbers(self):
        self.assertEqual(["1.23", "1,235", "12", "3.5"], [number(value) for value in (1.2345, 1234.5678, 12, 3.5)])


class Page(unittest.TestCase):
    def test_it_says_machine_load_figures_and_what_is_missing(self):
        page = page_of(report(ROWS, [Missing("cores", "not on this board", False)]))
        for text in ("| load average before | 0.10, 0.20, 0.30 |", "| accelerator | tcg |", "## threads: what threads cost",
                     "| what yield is | ns | 20 [15–25] | 200 [200–200] (×10) |",
                     "- not measured: cores: not on this board"):
            self.assertIn(text, page)

    def test_a_report_comes_back_as_it_was_written(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "report.json")
            write_report(file, report(ROWS))
            self.assertEqual(report(ROWS), read_report(file))

    def test_files_that_are_no_report_are_refused_by_name(self):
        with tempfile.TemporaryDirectory() as folder:
            for text in ("{", "[]", '{"format": 99}'):
                file = Path(folder, "report.json")
                file.write_text(text)
                with self.assertRaisesRegex(Measurement, "report.json was expected to be a report"):
                    read_report(file)


if __name__ == "__main__":
    unittest.main()
