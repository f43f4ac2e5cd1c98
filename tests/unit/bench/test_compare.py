"""What `--compare` names, and what it takes for noise."""
import unittest

from reports import report
from toro_bench.compare import EXACT_TOLERANCE, TIME_TOLERANCE, changes, machine_differences

QUIET = [100.0, 101.0, 102.0, 101.0, 100.0]


def compared(exact, before, after, series="toro", **machine):
    found = changes(report({"yield": (exact, {series: before})}), report({"yield": (exact, {series: after})}, **machine))
    return ["slower" if change.slower else "faster" for change in found]


class Compare(unittest.TestCase):
    def test_equal_reports_differ_in_nothing(self):
        for exact in (True, False):
            self.assertEqual([], compared(exact, QUIET, QUIET))

    def test_counts_by_a_small_tolerance(self):
        most = 1000 * (1 + EXACT_TOLERANCE)
        self.assertEqual([], compared(True, [1000], [most]))
        self.assertEqual(["slower"], compared(True, [1000], [most + 1]))
        self.assertEqual(["faster"], compared(True, [1000], [1000 - 1000 * EXACT_TOLERANCE - 1]))

    def test_a_time_is_slower_when_the_quartiles_lie_apart(self):
        self.assertEqual(["slower"], compared(False, QUIET, [value * 1.2 for value in QUIET]))
        self.assertEqual(["faster"], compared(False, QUIET, [value / 1.2 for value in QUIET]))

    def test_a_time_within_the_spread_of_either_is_noise(self):
        wide = [100.0, 90.0, 150.0, 160.0, 155.0]
        self.assertEqual([], compared(False, QUIET, wide))
        self.assertEqual([], compared(False, wide, QUIET))

    def test_a_time_apart_by_less_than_the_tolerance_is_noise(self):
        self.assertEqual([], compared(False, [100.0] * 5, [100.0 * (1 + TIME_TOLERANCE)] * 5))
        self.assertEqual(["slower"], compared(False, [100.0] * 5, [101.0 * (1 + TIME_TOLERANCE)] * 5))

    def test_references_are_not_judged(self):
        for reference in ("floor", "linux", "qemu"):
            self.assertEqual([], compared(False, QUIET, [500.0] * 5, reference))
        self.assertEqual(["slower"], compared(False, QUIET, [500.0] * 5, "toro debug"))

    def test_of_another_machine_only_counts_are_compared(self):
        self.assertEqual([], compared(False, QUIET, [500.0] * 5, accelerator="kvm"))
        self.assertEqual(["slower"], compared(True, QUIET, [500.0] * 5, accelerator="kvm"))
        self.assertEqual(["accelerator: tcg, now kvm"], machine_differences(report({}), report({}, accelerator="kvm")))

    def test_rows_that_only_one_report_has_are_passed_over(self):
        self.assertEqual([], changes(report({"old": (True, {"toro": [1]})}), report({"new": (True, {"toro": [9]})})))

    def test_a_change_says_what_and_by_how_much(self):
        before = report({"yield": (True, {"toro": [50]}), "mutex": (True, {"toro": [70]})})
        after = report({"yield": (True, {"toro": [150]}), "mutex": (True, {"toro": [70]})})
        [change] = changes(before, after)
        self.assertEqual(("threads", "what yield is", "toro", "instructions", 50, 150, 3.0, True),
                         (change.benchmark, change.what, change.series, change.unit, change.before, change.after,
                          change.factor, change.slower))


if __name__ == "__main__":
    unittest.main()
