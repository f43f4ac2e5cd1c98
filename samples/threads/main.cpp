// Two threads on two cores add up a half each; a third one needs both.
#include <cstdint>
#include <cstdio>

#include <toro/thread.hpp>

namespace {

std::uint64_t sum(std::uint64_t first, std::uint64_t last) {
  std::uint64_t result = 0;
  for (; first <= last; ++first) result += first;
  return result;
}

}  // namespace

int main() {
  const std::uint32_t second = toro::cores() - 1;  // the first one again, where there is one only
  auto lower = toro::thread::create({.core = 0, .name = "lower half"}, [] { return sum(1, 500'000); });
  auto upper = toro::thread::create({.core = second, .name = "upper half"}, [] { return sum(500'001, 1'000'000); });
  auto both = toro::thread::create({.core = second, .name = "both"}, [&] { return lower.join() + upper.join(); });
  std::printf("Sum of two halves: %llu\n", static_cast<unsigned long long>(both.join()));
}
