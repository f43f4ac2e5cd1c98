// The mean and the variance of numbers that are spread over all cores: every core gets the sums of all.
#include <array>
#include <cstdio>
#include <functional>

#include <toro/mpi.hpp>

int main() {
  toro::mpi::run([] {
    constexpr int kEach = 1000;
    std::array<double, 2> mine{};  // sum, sum of squares
    for (int i = 0; i < kEach; ++i) {
      const double value = kEach * toro::mpi::rank() + i;
      mine[0] += value;
      mine[1] += value * value;
    }
    std::array<double, 2> all{};
    if (!toro::mpi::allreduce(std::span<const double>(mine), std::span<double>(all), std::plus<>{})) return;
    const double count = kEach * toro::mpi::size();
    const double mean = all[0] / count;
    const double variance = all[1] / count - mean * mean;
    // Every core has them: the last one says them.
    if (toro::mpi::rank() == toro::mpi::size() - 1)
      std::printf("mean %.1f, variance %.1f: says core %d\n", mean, variance, toro::mpi::rank());
  });
}
