// Data of which every core has its own copy, found by the core itself through GS.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/include/toro/detail/core_distance.hpp"

namespace toro::arch {

/// Cores that the kernel can use; what the machine has beyond is left halted.
inline constexpr unsigned kMaxCores = 64;

/// GS holds the distance from the variables as they were linked, which are core 0's, to the copies of this core. So
/// core 0 needs no preparation (its distance is 0), and a copy is a block of zeroed memory as long as the section.
using detail::core_distance;

/// Bytes of the stack on which a core starts, and then idles. The boot core's is in toro.ld.
inline constexpr std::size_t kIdleStackSize = 16384;

/// What is known of core N, for the others. Written by the boot core before core N starts.
struct Core {
  std::uintptr_t distance = 0;    ///< of its copies
  std::uintptr_t stack_high = 0;  ///< where it starts; its idle thread's
  std::uint32_t apic_id = 0;
  std::uint32_t node = 0;  ///< of memory: proximity domain of ACPI's SRAT, 0 where there is none
};
static_assert(sizeof(Core) == 24 && offsetof(Core, stack_high) == 8 && offsetof(Core, apic_id) == 16);  // core_entry.S
extern "C" constinit Core toro_core_entries[kMaxCores];
/// Cores that the machine has, at most kMaxCores.
extern "C" constinit std::uint32_t toro_core_count;

/// Whether a core has copies of its own yet.
[[nodiscard]] inline bool has_memory(unsigned core) {
  return core == 0 || toro_core_entries[core].distance != 0;
}

/// A variable of every core; made by TORO_PER_CORE only. T begins as zeroed memory, which must be a valid value of it.
template <class T>
class PerCore {
 public:
  constexpr PerCore() = default;
  PerCore(const PerCore&) = delete;
  PerCore& operator=(const PerCore&) = delete;

  /// This core's. A thread never leaves its core, so the reference stays right.
  [[nodiscard]] T& operator*() { return at(core_distance()); }
  [[nodiscard]] T* operator->() { return &at(core_distance()); }
  /// A member of this core's: one instruction, for it needs no address.
  template <class Member, class Class>
  [[nodiscard]] Member load(Member Class::* member) const {
    return *reinterpret_cast<const Member __seg_gs*>(reinterpret_cast<std::uintptr_t>(&(here_.*member)));
  }
  /// Another core's, which must have memory (has_memory): what may be touched of it, T says.
  [[nodiscard]] T& on(unsigned core) { return at(toro_core_entries[core].distance); }
  /// The one of the core whose core_distance() that is: for who asks for many.
  [[nodiscard]] T& at(std::uintptr_t distance) {
    return *reinterpret_cast<T*>(reinterpret_cast<std::uintptr_t>(&here_) + distance);
  }

 private:
  T here_{};
};

/// Number of the calling core, from 0.
[[nodiscard]] inline std::uint32_t this_core() {
  return detail::core_number();
}

/// Whether `core` is the calling one. Where nothing links what counts the cores, the linker knows that there is one,
/// and leaves out what is for others.
[[nodiscard]] inline bool is_this_core(std::uint32_t core) {
  return toro_core_count == 1 || core == this_core();
}

/// Makes `distance` the calling core's, which is core `number`. Before anything else uses a PerCore there.
void enter_core(unsigned number);

}  // namespace toro::arch

/// TORO_PER_CORE(Tables, tables): defines the variable `tables` of which every core has its own.
// clang-format off
#define TORO_PER_CORE(type, name) \
  [[gnu::section(".bss.toro_per_core")]] constinit ::toro::arch::PerCore<type> name{}  // NOLINT(bugprone-macro-parentheses)
// clang-format on
