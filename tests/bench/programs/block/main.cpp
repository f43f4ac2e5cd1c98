// A disk: reads of 4 KB at random places, one by one and 32 at a time, and of 1 MB in order, two at a time.
#include <cstdint>
#include <cstdlib>

#include "disk.hpp"
#include "measure.hpp"

namespace {

constexpr std::size_t kSmall = 4096;
constexpr std::size_t kLarge = 1 << 20;

/// xorshift64: the same places on both systems.
std::uint64_t next_random() {
  static std::uint64_t state = 88172645463325252;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

template <class Next>
void measure(bench::Run& run, std::uint64_t count, std::size_t size, unsigned depth, Next next) {
  platform::Disk* disk = platform::Disk::first();
  if (disk == nullptr) return run.skip("the machine has no disk");
  const std::uint64_t places = disk->bytes() / size;
  run.measure(count, [&](std::uint64_t n) {
    if (!disk->read(n, depth, size, [&] { return next() % places * size; })) std::abort();
  });
}

void random_1(bench::Run& run) {
  measure(run, 5000, kSmall, 1, next_random);
}

void random_32(bench::Run& run) {
  measure(run, 20'000, kSmall, 32, next_random);
}

void sequential(bench::Run& run) {
  measure(run, 400, kLarge, 2, [place = std::uint64_t{0}]() mutable { return place++; });
}

constexpr bench::Case kCases[] = {
    {"random-4k-1", random_1},
    {"random-4k-32", random_32},
    {"sequential-1m", sequential},
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run(kCases, {argv, static_cast<std::size_t>(argc)});
}
