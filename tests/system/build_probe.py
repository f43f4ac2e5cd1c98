"""Builds the probe application as a project of its own, outside of the SDK's tree."""

import os
import shutil
import subprocess
import sys

source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "probe")
probe = os.environ["TORO_PROBE"]
os.makedirs(probe, exist_ok=True)
for name in os.listdir(source):
    old, new = os.path.join(source, name), os.path.join(probe, name)
    if not os.path.exists(new) or open(old).read() != open(new).read():
        shutil.copy(old, new)
sys.exit(subprocess.call([os.environ["TORO"], "build", probe]))
