"""docs/performance.md, from a report."""
from toro_bench.table import as_markdown

HEAD = """\
# Performance

Measured by `toro bench`, on one machine, each figure in turns with its references, so that what else the machine did
met all of them. Absolute times are worth what the machine is; ratios and counts are worth more. This page is generated:
`toro bench --json docs/performance.json`, then `tests/bench/performance_page`.

| | |
|---|---|
| processor | {processor}, {cores} cores |
| accelerator | {accelerator} |
| QEMU | {qemu} |
| host kernel | {kernel} |
| load average before | {before} |
| load average after | {after} |
| commit | {commit} |
| date | {date} |

A figure is the median; in brackets the quartiles, which a quarter of the samples lies below and above. Less is better
everywhere. A reference has its ratio to Toro's figure behind it: ×10 is ten times Toro's.

- **toro**: release images; **toro debug**: with assertions, and the stub that a debugger talks to.
- **floor**: the smallest image that QEMU boots and that prints one byte: what QEMU itself costs.
- **linux**: Debian's cloud kernel, entered without decompression, with one static program that does the same as /init.
- **qemu**: QEMU's own stub for debuggers.
- **tcp**: of vsock through the bridge, the same by TCP through QEMU's user networking.
"""


def page_of(report):
    machine = report["machine"]
    loads = {when: ", ".join(f"{load:.2f}" for load in machine[f"load_{when}"]) for when in ("before", "after")}
    head = HEAD.format(**machine, **loads)
    return "\n".join([head, *(as_markdown(benchmark) for benchmark in report["benchmarks"])])
