// Instructions that C++ has no words for: ports, model-specific registers, CPUID, control registers, interrupt state.
#pragma once

#include <cstddef>
#include <cstdint>

namespace toro::arch {

inline void out8(std::uint16_t port, std::uint8_t value) {
  asm volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

[[nodiscard]] inline std::uint8_t in8(std::uint16_t port) {
  std::uint8_t value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

inline void out16(std::uint16_t port, std::uint16_t value) {
  asm volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}

[[nodiscard]] inline std::uint16_t in16(std::uint16_t port) {
  std::uint16_t value;
  asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

inline void out32(std::uint16_t port, std::uint32_t value) {
  asm volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

[[nodiscard]] inline std::uint32_t in32(std::uint16_t port) {
  std::uint32_t value;
  asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

/// `count` words from a port to memory, and from memory to a port.
inline void in16_string(std::uint16_t port, void* to, std::size_t count) {
  asm volatile("rep insw" : "+D"(to), "+c"(count) : "d"(port) : "memory");
}
inline void out16_string(std::uint16_t port, const void* from, std::size_t count) {
  asm volatile("rep outsw" : "+S"(from), "+c"(count) : "d"(port) : "memory");
}

/// Model-specific registers that the kernel uses. [SDM 4]
enum class Msr : std::uint32_t {
  apic_base = 0x1b,
  efer = 0xc0000080,
  star = 0xc0000081,
  lstar = 0xc0000082,
  fmask = 0xc0000084,
  fs_base = 0xc0000100,
  gs_base = 0xc0000101,
  kvm_wall_clock = 0x4b564d00,
  kvm_system_time = 0x4b564d01,
};

[[nodiscard]] inline std::uint64_t read_msr(Msr msr) {
  std::uint32_t low, high;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(static_cast<std::uint32_t>(msr)));
  return std::uint64_t{high} << 32 | low;
}

inline void write_msr(Msr msr, std::uint64_t value) {
  asm volatile("wrmsr" ::"c"(static_cast<std::uint32_t>(msr)), "a"(static_cast<std::uint32_t>(value)),
               "d"(static_cast<std::uint32_t>(value >> 32))
               : "memory");
}

struct CpuidResult {
  std::uint32_t eax, ebx, ecx, edx;
};

[[nodiscard]] inline CpuidResult cpuid(std::uint32_t leaf, std::uint32_t subleaf = 0) {
  CpuidResult r;
  asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
  return r;
}

/// The time-stamp counter, after all earlier loads.
[[nodiscard]] inline std::uint64_t read_tsc() {
  std::uint32_t low, high;
  asm volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high)::"memory");
  return std::uint64_t{high} << 32 | low;
}

[[nodiscard]] inline std::uint64_t read_cr0() {
  std::uint64_t value;
  asm volatile("mov %%cr0, %0" : "=r"(value));
  return value;
}
[[nodiscard]] inline std::uint64_t read_cr2() {
  std::uint64_t value;
  asm volatile("mov %%cr2, %0" : "=r"(value));
  return value;
}
[[nodiscard]] inline std::uint64_t read_cr3() {
  std::uint64_t value;
  asm volatile("mov %%cr3, %0" : "=r"(value));
  return value;
}
[[nodiscard]] inline std::uint64_t read_cr4() {
  std::uint64_t value;
  asm volatile("mov %%cr4, %0" : "=r"(value));
  return value;
}
inline void write_cr0(std::uint64_t value) {
  asm volatile("mov %0, %%cr0" ::"r"(value) : "memory");
}
inline void write_cr3(std::uint64_t value) {
  asm volatile("mov %0, %%cr3" ::"r"(value) : "memory");
}
inline void write_cr4(std::uint64_t value) {
  asm volatile("mov %0, %%cr4" ::"r"(value) : "memory");
}

inline void invalidate_page(std::uintptr_t address) {
  asm volatile("invlpg (%0)" ::"r"(address) : "memory");
}

inline constexpr std::uint64_t kInterruptFlag = 1 << 9;

[[nodiscard]] inline std::uint64_t read_flags() {
  std::uint64_t flags;
  asm volatile("pushfq\n\tpopq %0" : "=r"(flags)::"memory");
  return flags;
}
inline void enable_interrupts() {
  asm volatile("sti" ::: "memory");
}
inline void disable_interrupts() {
  asm volatile("cli" ::: "memory");
}

/// Halts until the next interrupt, without a gap between enabling them and halting; returns with them off.
inline void halt_until_interrupt() {
  asm volatile("sti\n\thlt\n\tcli" ::: "memory");
}

/// Interrupts are off while one of these lives; the state before is restored, so they nest.
class InterruptsOff {
 public:
  InterruptsOff() : were_on_((read_flags() & kInterruptFlag) != 0) { disable_interrupts(); }
  ~InterruptsOff() {
    if (were_on_) enable_interrupts();
  }
  InterruptsOff(const InterruptsOff&) = delete;
  InterruptsOff& operator=(const InterruptsOff&) = delete;

 private:
  bool were_on_;
};

}  // namespace toro::arch
