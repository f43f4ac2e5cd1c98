// What the processor itself is told to enforce.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <thread>

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

TEST_CASE("SMEP, SMAP and UMIP are on where the processor has them") {
  REQUIRE(cpuid(0).eax >= 7);
  const auto features = cpuid(7);
  const std::uint64_t cr4 = toro::arch::read_cr4();
  CHECK(has64(cr4, 20) == has(features.ebx, 7));
  CHECK(has64(cr4, 21) == has(features.ebx, 20));
  CHECK(has64(cr4, 11) == has(features.ecx, 2));
}

TEST_CASE("read-only and no-execute hold in ring 0") {
  CHECK(has64(toro::arch::read_cr0(), 16));                       // WP
  CHECK(has64(toro::arch::read_msr(toro::arch::Msr::efer), 11));  // NXE
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

TEST_CASE("the stack canary is random, with a zero byte that ends strings") {
  // The C library's is one for all threads of a boot; that it differs between boots is tested from outside.
  CHECK((canary() & ~std::uint64_t{0xffff}) != 0);
  std::uint64_t other = 0;
  std::thread([&] { other = canary(); }).join();
  CHECK(other == canary());
}
