"""GDB's own testsuite, run on guests of the SDK."""
