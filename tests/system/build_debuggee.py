"""Brings the images of the SDK's tree that tests boot up to date."""

import harness

harness.build_targets("qemu-microvm", "debuggee", "bench-programs")
