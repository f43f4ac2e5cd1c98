// The heap: blocks of one size, a mixed trace, and blocks that are freed by another core.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "measure.hpp"
#include "platform.hpp"

namespace {

/// A block whose first byte has been written, as blocks are.
void* allocate(std::size_t size) {
  auto* block = static_cast<volatile char*>(std::malloc(size));
  *block = 1;  // a fault where there was no memory
  return const_cast<char*>(block);
}

/// Allocates blocks, then frees them in the same order; measured is what follows the first round. One stays behind
/// them, or an allocator that returns free memory at the heap's end to the system, as glibc's does, would be measured
/// at that: each round 10 times as long.
template <std::size_t kSize, std::uint64_t kIterations>
void one_size(bench::Run& run) {
  run.measure_part(kIterations, [](std::uint64_t n) {
    constexpr std::size_t kAtOnce = kSize <= 65536 ? 100 : 8;
    std::array<void*, kAtOnce> blocks;
    for (void*& block : blocks) block = allocate(kSize);
    void* const last = allocate(kSize);
    for (void* block : blocks) std::free(block);
    const bench::Time start = bench::Time::now();
    for (std::uint64_t i = 0; i < n; i += kAtOnce) {
#pragma clang loop unroll_count(10)
      for (void*& block : blocks) block = allocate(kSize);
#pragma clang loop unroll_count(10)
      for (void* block : blocks) std::free(block);
    }
    const bench::Time taken = bench::Time::now() - start;
    std::free(last);
    return taken;
  });
}

/// A thousand places; each step empties one, or fills it with a block of 16 to 16383 bytes, small ones more often.
/// The same steps on every system.
void mixed(bench::Run& run) {
  run.measure(200'000, [](std::uint64_t n) {
    std::vector<void*> blocks(1000);
    std::uint64_t random = 0x9e3779b97f4a7c15;
    for (std::uint64_t i = 0; i < n; ++i) {
      random ^= random << 13;  // Marsaglia's xorshift64
      random ^= random >> 7;
      random ^= random << 17;
      void*& block = blocks[random % blocks.size()];
      if (block == nullptr) {
        const std::size_t magnitude = std::size_t{16} << (random >> 40) % 10;
        block = allocate(magnitude + (random >> 20) % magnitude);
      } else {
        std::free(block);
        block = nullptr;
      }
    }
    for (void* block : blocks) std::free(block);
  });
}

/// Core 0 allocates, core 1 frees, a thousand blocks at a time.
void cross_core(bench::Run& run) {
  if (platform::cores() < 2) return run.skip("needs 2 cores");
  run.measure(100'000, [](std::uint64_t n) {
    std::vector<void*> blocks(1000);
    for (std::uint64_t i = 0; i < n; i += blocks.size()) {
      for (void*& block : blocks) block = allocate(64);
      platform::run_on(1, [&] {
        for (void* block : blocks) std::free(block);
      });
    }
  });
}

constexpr bench::Case kCases[] = {
    {"malloc-16", one_size<16, 200'000>},
    {"malloc-64", one_size<64, 200'000>},
    {"malloc-256", one_size<256, 200'000>},
    {"malloc-1024", one_size<1024, 200'000>},
    {"malloc-4096", one_size<4096, 200'000>},
    {"malloc-65536", one_size<65536, 20'000>},
    {"malloc-1048576", one_size<1048576, 4'000>},
    {"mixed", mixed},
    {"cross-core", cross_core},
};

}  // namespace

int main(int argc, char** argv) {
  platform::stay_on_first_core();
  return bench::run(kCases, {argv, static_cast<std::size_t>(argc)});
}
