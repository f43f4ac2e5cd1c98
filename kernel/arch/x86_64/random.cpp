// Random numbers from the processor. [SDM 1 7.3.17]
#include "kernel/arch/x86_64/random.hpp"

#include <atomic>
#include <bit>

#include "kernel/arch/x86_64/cpu.hpp"

namespace toro::arch {
namespace {

constexpr int kTries = 16;  // the processor may be out of entropy for a moment

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

bool try_often(bool (*instruction)(std::uint64_t&), std::uint64_t& value) {
  for (int i = 0; i < kTries; ++i)
    if (instruction(value)) return true;
  return false;
}

/// Mixed from how long CPUID takes, from one time to the next: a hypervisor has to be entered for it. False when that
/// does not vary, as on a machine that counts instructions instead of time: then the value can be guessed.
bool jitter(std::uint64_t& value) {
  constexpr int kNeeded = 64;                  // spans that differ from the one before: at least a bit of each
  constexpr int kMostSamples = 128 * kNeeded;  // a quiet host may take as long for many in a row
  static constinit std::atomic<std::uint64_t> pool = 0;  // no two words begin alike
  std::uint64_t mixed = pool.load(std::memory_order_relaxed);
  std::uint64_t last_span = 0;
  int different = 0;
  for (int i = 0; i < kMostSamples && different < kNeeded; ++i) {
    const std::uint64_t begin = read_tsc();
    (void)cpuid(0);
    const std::uint64_t span = read_tsc() - begin;
    different += span != last_span ? 1 : 0;
    last_span = span;
    mixed = std::rotl(mixed ^ span, 23) * 0x9e3779b97f4a7c15;
  }
  pool.store(mixed, std::memory_order_relaxed);
  mixed ^= read_tsc();
  mixed ^= mixed >> 32;
  value = mixed * 0xd6e8feb86659fd93;
  return different == kNeeded;
}

EntropySource find_source() {
  std::uint64_t value;
  if (cpuid(0).eax >= 7 && (cpuid(7).ebx >> 18 & 1) != 0 && try_often(rdseed, value)) return EntropySource::rdseed;
  if ((cpuid(1).ecx >> 30 & 1) != 0 && try_often(rdrand, value)) return EntropySource::rdrand;
  return jitter(value) ? EntropySource::jitter : EntropySource::none;
}

/// One more than the source; 0 while nobody has asked.
constinit std::atomic<std::uint8_t> known = 0;

constinit std::uint64_t (*device_word)() = nullptr;  ///< set before `known` says so

void keep(EntropySource source) {
  known.store(static_cast<std::uint8_t>(static_cast<std::uint8_t>(source) + 1), std::memory_order_release);
}

}  // namespace

std::uint64_t random_word() {
  const EntropySource source = entropy_source();
  std::uint64_t value;
  // A processor with RDSEED has RDRAND, whose generator does not run dry.
  if (source == EntropySource::rdseed && try_often(rdseed, value)) return value;
  if (source <= EntropySource::rdrand && try_often(rdrand, value)) return value;
  if (source == EntropySource::device) return device_word();
  (void)jitter(value);
  return value;
}

void use_word_source(std::uint64_t (*word)()) {
  if (entropy_source() <= EntropySource::rdrand) return;
  device_word = word;
  keep(EntropySource::device);
}

EntropySource entropy_source() {
  const std::uint8_t before = known.load(std::memory_order_acquire);
  if (before != 0) return static_cast<EntropySource>(before - 1);
  const EntropySource source = find_source();
  keep(source);
  return source;
}

}  // namespace toro::arch
