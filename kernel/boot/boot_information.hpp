// What the loader told: memory and command line, copied out of memory that is given away later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace toro {
class CommandLine;
}

namespace toro::boot {

/// Bytes [begin, end) of physical memory.
struct MemoryRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct Information {
  MemoryRange ram[32];
  std::size_t ram_count = 0;

  [[nodiscard]] std::span<const MemoryRange> ram_ranges() const { return {ram, ram_count}; }
};

/// Valid after the stage "memory map".
[[nodiscard]] const Information& information();
/// Split into the kernel's options and main's arguments.
[[nodiscard]] CommandLine& command_line();
/// As it was given, with the devices that the monitor announces on it.
[[nodiscard]] std::string_view command_line_text();

}  // namespace toro::boot
