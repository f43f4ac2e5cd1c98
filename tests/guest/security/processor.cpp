// What the processor itself is told to enforce.
#include <doctest/doctest.h>
#include <sys/random.h>
#include <toro/cores.hpp>
#include <toro/entropy.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <thread>
#include <vector>

#include "kernel/arch/x86_64/cpu.hpp"

namespace {

using toro::arch::cpuid;

bool has(std::uint32_t bits, unsigned bit) {
  return (bits >> bit & 1) != 0;
}
bool has64(std::uint64_t bits, unsigned bit) {
  return (bits >> bit & 1) != 0;
}

struct [[gnu::packed]] TablePointer {
  std::uint16_t limit;
  std::uint64_t base;
};

struct Gate {
  std::uint16_t offset_low, selector;
  std::uint8_t ist, type;
  std::uint16_t offset_middle;
  std::uint32_t offset_high, reserved;
};
static_assert(sizeof(Gate) == 16);

std::uint64_t canary() {
  std::uint64_t value;
  asm volatile("movq %%fs:0x28, %0" : "=r"(value));  // [System V ABI 3.4.2]
  return value;
}

}  // namespace

TEST_CASE("SMEP, SMAP and UMIP are on where the processor has them, on every core") {
  for (std::uint32_t core = 0; core < toro::cores(); ++core) {
    CAPTURE(core);
    toro::run_on(core, [] {
      REQUIRE(cpuid(0).eax >= 7);
      const auto features = cpuid(7);
      const std::uint64_t cr4 = toro::arch::read_cr4();
      CHECK(has64(cr4, 20) == has(features.ebx, 7));
      CHECK(has64(cr4, 21) == has(features.ebx, 20));
      CHECK(has64(cr4, 11) == has(features.ecx, 2));
    });
  }
}

TEST_CASE("read-only and no-execute hold in ring 0, on every core") {
  for (std::uint32_t core = 0; core < toro::cores(); ++core) {
    CAPTURE(core);
    toro::run_on(core, [] {
      CHECK(has64(toro::arch::read_cr0(), 16));                       // WP
      CHECK(has64(toro::arch::read_msr(toro::arch::Msr::efer), 11));  // NXE
    });
  }
}

TEST_CASE("every gate is an interrupt gate of ring 0 with a stack of its own") {
  TablePointer idt{};
  asm volatile("sidt %0" : "=m"(idt));
  const std::size_t count = (idt.limit + 1U) / sizeof(Gate);
  CHECK(count >= 32);
  const auto* gates = reinterpret_cast<const Gate*>(idt.base);
  for (std::size_t vector = 0; vector < count; ++vector) {
    CAPTURE(vector);
    CHECK(gates[vector].type == 0x8e);
    CHECK((gates[vector].ist & 7) != 0);
  }
  CHECK((gates[2].ist & 7) != (gates[14].ist & 7));  // NMI and page fault do not share one
  CHECK((gates[8].ist & 7) != (gates[14].ist & 7));  // nor do double fault and page fault
}

TEST_CASE("every thread has a stack canary of its own, with a zero byte that ends strings") {
  // That it differs between boots is tested from outside.
  std::vector<std::uint64_t> canaries{canary()};
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    for (int i = 0; i < 4; ++i) {
      std::uint64_t other = 0;
      toro::run_on(core, [&] { std::thread([&] { other = canary(); }).join(); });
      canaries.push_back(other);
    }
  for (const std::uint64_t value : canaries) {
    CHECK((value & 0xff) == 0);
    CHECK((value & ~std::uint64_t{0xff}) != 0);
  }
  std::ranges::sort(canaries);
  CHECK(std::ranges::adjacent_find(canaries) == canaries.end());
}

TEST_CASE("random numbers come from the best source that the processor has") {
  const bool has_rdseed = has(cpuid(7).ebx, 18);
  const bool has_rdrand = has(cpuid(1).ecx, 30);
  const toro::EntropySource source = toro::entropy_source();
  if (has_rdseed)
    CHECK(source == toro::EntropySource::rdseed);
  else if (has_rdrand)
    CHECK(source == toro::EntropySource::rdrand);
  else
    CHECK(source >= toro::EntropySource::jitter);
}

TEST_CASE("random numbers do not repeat, and their bits are even") {
  constexpr std::size_t kWords = 4096;
  std::vector<std::uint64_t> words(kWords);
  for (std::size_t i = 0; i < kWords; i += 32)
    REQUIRE(getrandom(&words[i], 32 * sizeof words[0], 0) == 32 * sizeof words[0]);
  for (unsigned bit = 0; bit < 64; ++bit) {
    const auto ones = std::ranges::count_if(words, [bit](std::uint64_t word) { return has64(word, bit); });
    CAPTURE(bit);
    CHECK(ones > static_cast<std::ptrdiff_t>(kWords / 2 - 320));  // ten standard deviations
    CHECK(ones < static_cast<std::ptrdiff_t>(kWords / 2 + 320));
  }
  std::ranges::sort(words);
  CHECK(std::ranges::adjacent_find(words) == words.end());
}
