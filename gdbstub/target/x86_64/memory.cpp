#include "gdbstub/target/x86_64/memory.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/safe_copy.hpp"

namespace toro::gdbstub::x86_64 {

namespace {

/// While one of these lives, ring 0 may write read-only pages. The stub runs alone, interrupts off. [SDM 3A 2.5, WP]
class WriteProtectOff {
 public:
  WriteProtectOff() : cr0_(arch::read_cr0()) { arch::write_cr0(cr0_ & ~kWriteProtect); }
  ~WriteProtectOff() { arch::write_cr0(cr0_); }
  WriteProtectOff(const WriteProtectOff&) = delete;
  WriteProtectOff& operator=(const WriteProtectOff&) = delete;

 private:
  static constexpr std::uint64_t kWriteProtect = 1u << 16;
  std::uint64_t cr0_;
};

}  // namespace

std::size_t read_memory(std::uint64_t address, std::span<std::byte> to) {
  return arch::copy_safely(to.data(), reinterpret_cast<const void*>(address), to.size());
}

std::size_t write_memory(std::uint64_t address, std::span<const std::byte> from) {
  const WriteProtectOff off;
  return arch::copy_safely(reinterpret_cast<void*>(address), from.data(), from.size());
}

}  // namespace toro::gdbstub::x86_64
