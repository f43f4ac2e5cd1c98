// Prints the rate of this host's TSC in kHz.
#include <stdio.h>
#include <time.h>

namespace {

unsigned long long nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return static_cast<unsigned long long>(now.tv_sec) * 1'000'000'000 + static_cast<unsigned long long>(now.tv_nsec);
}

}  // namespace

int main() {
  const unsigned long long start = nanoseconds();
  const unsigned long long ticks = __builtin_ia32_rdtsc();
  unsigned long long elapsed = 0;
  while (elapsed < 50'000'000) elapsed = nanoseconds() - start;
  printf("%llu\n", (__builtin_ia32_rdtsc() - ticks) * 1'000'000 / elapsed);
  return 0;
}
