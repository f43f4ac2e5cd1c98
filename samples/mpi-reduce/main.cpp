// Pi by the midpoint rule: every core sums its part of the rectangles, and core 0 gets the sum of all.
#include <cstdio>
#include <functional>

#include <toro/mpi.hpp>

namespace {

constexpr int kRectangles = 100'000;

double part_of_pi(int first, int step) {
  double sum = 0;
  for (int i = first; i < kRectangles; i += step) {
    const double x = (i + 0.5) / kRectangles;
    sum += 4 / (1 + x * x);
  }
  return sum / kRectangles;
}

}  // namespace

int main() {
  toro::mpi::run([] {
    const double part = part_of_pi(toro::mpi::rank(), toro::mpi::size());
    double pi = 0;
    const auto reduced = toro::mpi::reduce(std::span(&part, 1), std::span(&pi, 1), std::plus<>{}, 0);
    if (reduced && toro::mpi::rank() == 0) std::printf("pi is %.8f, by %d cores\n", pi, toro::mpi::size());
  });
}
