// What the loader told: memory and command line, copied out of memory that is given away later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace toro {
class CommandLine;
}

namespace toro::arch::pvh {
struct StartInfo;
}

namespace toro::boot {

/// Where the loader puts the image (toro.ld), and the addresses in the ELF file are right. From there it moves:
/// move_image.cpp.
inline constexpr std::uintptr_t kImageLoadedAt = 0x100000;

/// The word of the command line that keeps image, heap and stacks from being placed at random.
inline constexpr std::string_view kFixedPlaces = "toro.aslr=off";

/// Bytes [begin, end) of physical memory.
struct MemoryRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint32_t node = 0;  ///< proximity domain of ACPI's SRAT, after the stage "processors"
};

struct Information {
  MemoryRange ram[32];
  std::size_t ram_count = 0;
  std::uint64_t rsdp = 0;  ///< physical address of ACPI's root pointer; 0 where there is no ACPI

  [[nodiscard]] std::span<const MemoryRange> ram_ranges() const { return {ram, ram_count}; }
};

/// As the loader handed it over. Read by the stage "memory map"; stages before it may replace it.
extern constinit const arch::pvh::StartInfo* start_info;

/// Valid after the stage "memory map".
[[nodiscard]] const Information& information();
/// RAM within [begin, end) is of memory node `node`. Before the stage "paging". Ranges are cut in two for it while
/// there is room for more; a range that cannot be cut stays as it was.
void set_memory_node(std::uint64_t begin, std::uint64_t end, std::uint32_t node);
/// Split into the kernel's options and main's arguments.
[[nodiscard]] CommandLine& command_line();
/// As it was given, with the devices that the monitor announces on it.
[[nodiscard]] std::string_view command_line_text();

}  // namespace toro::boot
