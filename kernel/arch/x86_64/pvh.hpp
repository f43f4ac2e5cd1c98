// What a PVH loader hands over. [Xen: xen/include/public/arch-x86/hvm/start_info.h]
#pragma once

#include <cstddef>
#include <cstdint>

namespace toro::arch::pvh {

inline constexpr std::uint32_t kMagic = 0x336ec578;
/// A loader of another kind entered: `module_list` is the address of its information (boot_multiboot2.S).
inline constexpr std::uint32_t kMultiboot2Magic = 0x36d76289;

struct StartInfo {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint32_t flags;
  std::uint32_t module_count;
  std::uint64_t module_list;
  std::uint64_t command_line;  ///< address of a NUL-terminated string, or 0
  std::uint64_t rsdp;
  std::uint64_t memory_map;  ///< from version 1 on
  std::uint32_t memory_map_entries;
  std::uint32_t reserved;
};
static_assert(sizeof(StartInfo) == 56 && offsetof(StartInfo, module_list) == 16 &&
              offsetof(StartInfo, command_line) == 24 && offsetof(StartInfo, memory_map) == 40);

/// The same types as the E820 map's. [ACPI 6.4 15]
enum class MemoryType : std::uint32_t { ram = 1, reserved = 2, acpi = 3, nvs = 4, unusable = 5 };

struct MemoryMapEntry {
  std::uint64_t address;
  std::uint64_t size;
  MemoryType type;
  std::uint32_t reserved;
};
static_assert(sizeof(MemoryMapEntry) == 24);

}  // namespace toro::arch::pvh
