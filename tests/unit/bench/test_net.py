"""What the benchmark of the network reads from wrk."""
import unittest

from toro_bench.benchmarks.net import wrk_figures
from toro_bench.model import Measurement

SAID = """Running 2s test @ http://10.0.2.15:80/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   781.20us  101.00us   3.10ms   90.00%
    Req/Sec    40.10k     1.20k   42.00k    70.00%
  Latency Distribution
     50%  770.00us
     99%    1.50ms
  80200 requests in 2.00s, 16.00MB read
{more}Requests/sec:  {rate}
Transfer/sec:      8.00MB
"""


class Wrk(unittest.TestCase):
    def test_rate_and_latency(self):
        self.assertEqual((40100.5, 1500), wrk_figures(SAID.format(more="", rate="40100.50")))
        self.assertEqual((40100.5, 94.5), wrk_figures(SAID.format(more="", rate="40100.50").replace("1.50ms", "94.50us")))
        self.assertEqual((40100.5, 2e6), wrk_figures(SAID.format(more="", rate="40100.50").replace("1.50ms", "2.00s")))

    def test_requests_without_answer_are_no_figure(self):
        for said in (SAID.format(more="", rate="0.00"), SAID.format(more="  Non-2xx or 3xx responses: 3\n", rate="1.00"),
                     SAID.format(more="  Socket errors: connect 0, read 3, write 0, timeout 0\n", rate="1.00"), ""):
            with self.assertRaises(Measurement):
                wrk_figures(said)


if __name__ == "__main__":
    unittest.main()
