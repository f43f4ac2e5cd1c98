// Random numbers from the processor. [SDM 1 7.3.17]
#include "kernel/arch/x86_64/random.hpp"

#include "kernel/arch/x86_64/cpu.hpp"

namespace toro::arch {
namespace {

bool rdseed(std::uint64_t& value) {
  bool ok;
  asm volatile("rdseed %0" : "=r"(value), "=@ccc"(ok));
  return ok;
}

bool rdrand(std::uint64_t& value) {
  bool ok;
  asm volatile("rdrand %0" : "=r"(value), "=@ccc"(ok));
  return ok;
}

/// The low bits of the TSC after work of varying length, spread by a multiplicative hash.
std::uint64_t jitter() {
  std::uint64_t value = 0;
  for (int i = 0; i < 64; ++i) {
    value = (value ^ read_tsc()) * 0x9e3779b97f4a7c15;
    value ^= value >> 29;
    (void)cpuid(0);
  }
  return value;
}

}  // namespace

std::uint64_t random_word() {
  constexpr int kTries = 16;  // the processor may be out of entropy for a moment
  std::uint64_t value;
  if (cpuid(0).eax >= 7 && (cpuid(7).ebx >> 18 & 1) != 0)
    for (int i = 0; i < kTries; ++i)
      if (rdseed(value)) return value;
  if ((cpuid(1).ecx >> 30 & 1) != 0)
    for (int i = 0; i < kTries; ++i)
      if (rdrand(value)) return value;
  return jitter();
}

}  // namespace toro::arch
