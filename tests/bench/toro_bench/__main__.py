"""The command line: what `toro bench` runs once the images are built."""
import argparse
import importlib
import pkgutil
import signal
import sys
from pathlib import Path

from toro_bench import benchmarks
from toro_bench.bench import Bench
from toro_bench.compare import changes, machine_differences
from toro_bench.gates import broken_gates, limits_of, read_gates
from toro_bench.machine import load_average, machine_of
from toro_bench.measure import run_benchmark
from toro_bench.model import Measurement
from toro_bench.plots import check_plots, write_plots
from toro_bench.report import read_report, report_of, write_report
from toro_bench.table import as_text, number


def all_names():
    return [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]


def load(name):
    return importlib.import_module(f"toro_bench.benchmarks.{name}")


def parse(words):
    parser = argparse.ArgumentParser(prog="toro bench")
    parser.add_argument("names", nargs="*", choices=[[], *all_names()])
    for name in ("--json", "--compare", "--plot"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--short", action="store_true")
    return parser.parse_args(words)


def tell_comparison(before, after):
    """Returns whether something got slower."""
    for difference in machine_differences(before, after):
        print(f"only counts are compared, times are of another machine ({difference})")
    found = changes(before, after)
    for change in sorted(found, key=lambda change: not change.slower):
        print(f"{'slower' if change.slower else 'faster'}: {change.benchmark}: {change.what}, {change.series}: "
              f"{number(change.before)} {change.unit} before, {number(change.after)} now (×{change.factor:.3f})")
    if not found:
        print("nothing differs beyond the noise")
    return any(change.slower for change in found)


def run(options):
    if options.list:
        for name in all_names():
            print(f"{name:8}  {load(name).TITLE}")
        return 0
    before = read_report(options.compare) if options.compare else None
    if options.plot:
        check_plots()
    bench = Bench(options.short)
    machine = machine_of(bench.root, bench.accelerator)
    gates = read_gates()
    outcomes = []
    for name in options.names or all_names():
        outcomes.append(run_benchmark(name, load(name), bench))
        [taken] = report_of(machine, outcomes[-1:], options.short)["benchmarks"]
        if taken["rows"] or taken["missing"]:
            print(as_text(taken, limits_of(gates)), flush=True)
    machine["load_after"] = load_average()
    report = report_of(machine, outcomes, options.short)
    print(f"{machine['processor']}, {machine['cores']} cores; {machine['accelerator']}; QEMU {machine['qemu']}; load "
          f"average {machine['load_before'][0]} before, {machine['load_after'][0]} after; figures are medians "
          "[first quartile–third quartile], less is better, ×N is the reference's figure over Toro's")
    if options.json:
        write_report(options.json, report)
    if options.plot:
        for file in write_plots(options.plot, report):
            print(file)
    failed = any(missing.fails for outcome in outcomes for missing in outcome.missing)
    for sentence in broken_gates(gates, report):
        print(f"toro: error: {sentence}", file=sys.stderr)
        failed = True
    if before and tell_comparison(before, report):
        failed = True
    return 1 if failed else 0


def main():
    # An orderly end, so that every QEMU ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return run(parse(sys.argv[1:]))
    except Measurement as failure:
        print(f"toro: error: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
