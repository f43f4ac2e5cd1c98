"""Brings the images of the SDK's tree that tests boot up to date, holding the lock by which `toro` guards a build folder."""

import fcntl
import os
import subprocess
import sys

SDK = os.environ["TORO_SDK"]
BUILD = os.path.join(SDK, "build/qemu-microvm-debug")
os.makedirs(BUILD, exist_ok=True)
with open(os.path.join(BUILD, ".toro.lock"), "a") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        subprocess.check_call(["cmake", "--preset", "qemu-microvm-debug"], cwd=SDK)
    sys.exit(subprocess.call(["ninja", "-C", BUILD, "debuggee", "bench-programs"]))
