"""How turns are taken, and what becomes of those that fail."""
import types
import unittest

from toro_bench.measure import run_benchmark
from toro_bench.model import Group, Measurement, NotHere, Row, Sample, Turn
from toro_bench.program import count_samples, parse_lines, parse_skipped, time_samples
from toro_bench.summary import summarise

ROW = Row("yield", "yield", "ns")


def benchmark(*groups):
    return types.SimpleNamespace(TITLE="t", ABOUT="a", groups=lambda bench: iter(groups))


def run(*groups, short=False):
    return run_benchmark("b", benchmark(*groups), types.SimpleNamespace(short=short))


class Measure(unittest.TestCase):
    def setUp(self):
        self.taken = []

    def turn(self, series, every=1):
        def take():
            self.taken.append(series)
            return [Sample(ROW, len(self.taken))]
        return Turn(series, take, every)

    def failing(self, series, failure):
        def take():
            self.taken.append(series)
            raise failure
        return Turn(series, take)

    def test_subject_and_references_alternate(self):
        outcome = run(Group([self.turn("toro"), self.turn("linux")], rounds=3))
        self.assertEqual(["toro", "linux"] * 3, self.taken)
        self.assertEqual({"toro": [1, 3, 5], "linux": [2, 4, 6]}, outcome.rows["yield"].samples)

    def test_what_takes_long_is_taken_less_often(self):
        run(Group([self.turn("toro"), self.turn("linux", every=3)], rounds=6))
        self.assertEqual(6, self.taken.count("toro"))
        self.assertEqual(2, self.taken.count("linux"))

    def test_the_short_form_takes_what_is_exact_and_no_reference(self):
        run(Group([self.turn("toro"), self.turn("linux")], exact=True), Group([self.turn("toro debug")]), short=True)
        self.assertEqual(["toro"], self.taken)

    def test_a_failure_is_told_and_not_tried_again(self):
        outcome = run(Group([self.failing("toro", Measurement("no line")), self.turn("linux")], rounds=2))
        self.assertEqual(["toro", "linux", "linux"], self.taken)
        self.assertEqual([("toro", "no line", True)], [(m.what, m.why, m.fails) for m in outcome.missing])

    def test_what_cannot_be_here_and_missing_references_are_no_failures(self):
        outcome = run(Group([self.failing("toro", NotHere("one core")), self.failing("linux", Measurement("no apt"))]))
        self.assertEqual([False, False], [missing.fails for missing in outcome.missing])

    def test_a_benchmark_that_cannot_begin_says_why(self):
        def groups(bench):
            raise NotHere("not on this board")
        module = types.SimpleNamespace(TITLE="t", ABOUT="a", groups=groups)
        outcome = run_benchmark("cores", module, types.SimpleNamespace(short=False))
        self.assertEqual([("cores", "not on this board", False)], [(m.what, m.why, m.fails) for m in outcome.missing])


class Programs(unittest.TestCase):
    CONSOLE = "hello\r\ntoro-bench yield 10 1000 5000\r\ntoro-bench yield 10 900 4000\r\ntoro-bench create 2 80 90\r\n"

    def test_lines_become_samples_of_one_iteration(self):
        lines = parse_lines(self.CONSOLE)
        self.assertEqual([("yield", 100), ("yield", 90), ("create", 40)],
                         [(sample.row.what, sample.value) for sample in time_samples(lines)])

    def test_of_counts_the_least_repetition_counts(self):
        samples = list(count_samples(parse_lines(self.CONSOLE)))
        self.assertEqual([("yield", 400), ("create", 45)], [(sample.row.what, sample.value) for sample in samples])
        self.assertTrue(all(sample.row.exact for sample in samples))

    def test_what_cannot_run_here_is_told_once_and_is_no_failure(self):
        [missing] = parse_skipped("toro-bench-skip wake needs 2 cores\r\n", "toro")
        self.assertEqual(("wake of toro", "needs 2 cores", False), (missing.what, missing.why, missing.fails))
        outcome = run(Group([Turn("toro", lambda: [missing, Sample(ROW, 1)])], rounds=2))
        self.assertEqual([missing], outcome.missing)
        self.assertEqual([1, 1], outcome.rows["yield"].samples["toro"])

    def test_a_console_without_lines_is_quoted(self):
        with self.assertRaisesRegex(Measurement, "PANIC"):
            parse_lines("PANIC: out of memory\n")


class Summaries(unittest.TestCase):
    def test_median_and_quartiles(self):
        summary = summarise([5, 1, 4, 2, 3])
        self.assertEqual((3, 2, 4, 5), (summary.median, summary.low, summary.high, summary.count))

    def test_one_sample_has_no_spread(self):
        summary = summarise([7])
        self.assertEqual((7, 7, 7, 1), (summary.median, summary.low, summary.high, summary.count))

    def test_large_integers_are_kept_and_fractions_cut(self):
        self.assertEqual(528123457, summarise([528123457]).median)
        self.assertEqual(1.2346, summarise([1.23456789]).median)

    def test_nothing_has_no_median(self):
        with self.assertRaises(ValueError):
            summarise([])


if __name__ == "__main__":
    unittest.main()
