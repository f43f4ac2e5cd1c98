"""`toro new`: a sample becomes a project of the user's own that builds and runs as the sample does."""

import json
import os

import harness


class New(harness.Case):
    def test_a_project_runs_as_its_sample_does(self):
        folder = os.path.join(self.folder, "weather")
        answer = json.loads(self.toro("new", folder, "--from", "threads", "--json").out)
        self.assertEqual({"directory": folder, "name": "weather", "sample": "threads"}, answer)
        # sample.json came along: the project runs on two cores, as the sample does.
        command = self.toro("run", folder, "--print-command").out
        self.assertIn("-smp 2", command)
        result = self.toro("run", folder, "--timeout", "120", limit=900)
        self.assertEqual(0, result.status, str(result))
        self.assertIn("Sum of two halves: 500000500000", result.out)

    def test_bad_input(self):
        self.refused(self.toro("new", os.path.join(self.folder, "x"), "--from", "helo"), "unknown sample 'helo'",
                     "did you mean hello?", status=2)
        self.refused(self.toro("new", self.folder, "--from", "hello"), "a new folder or an empty one", status=2)
        self.refused(self.toro("new", "/proc/weather"), "/proc/weather", "writable", status=1)
        self.refused(self.toro("new"), "folder", status=2)
