"""Where things are."""
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
ROOT = HERE.parents[1]
WORK = ROOT / "build/gdb-testsuite"
RESULTS = ROOT / "docs/gdb-testsuite.json"
PAGE = ROOT / "docs/gdb-testsuite.md"


class SuiteError(Exception):
    """What kept the suite from running, in one sentence."""
