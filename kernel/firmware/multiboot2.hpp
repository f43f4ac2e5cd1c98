// What a Multiboot2 loader hands over: tags, believed in nothing. [Multiboot2 2.0 §3.6]
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "kernel/firmware/error.hpp"
#include "kernel/firmware/physical_memory.hpp"

namespace toro::firmware::multiboot2 {

/// What the information begins with.
struct Header {
  std::uint32_t length;  ///< bytes, this header included
  std::uint32_t reserved;
};
static_assert(sizeof(Header) == 8);

inline constexpr std::uint32_t kRam = 1;

/// [Multiboot2 2.0 §3.6.8]
struct MemoryRange {
  std::uint64_t address;
  std::uint64_t length;
  std::uint32_t type;  ///< kRam, or as E820 has it
  std::uint32_t reserved;
};
static_assert(sizeof(MemoryRange) == 24);

/// The name of a module that is a command line instead of the loader's own: loaders have rules of quoting that change
/// what they are given.
inline constexpr std::string_view kCommandLineModule = "toro.command-line";

/// Views into the information; empty where there is no such tag.
struct Information {
  std::string_view command_line;
  std::uint32_t module_begin = 0;  ///< physical addresses of kCommandLineModule's bytes; equal where there is none
  std::uint32_t module_end = 0;
  Bytes memory_map;
  std::size_t memory_map_stride = sizeof(MemoryRange);
  Bytes root_pointer;  ///< a copy of ACPI's
};

/// `bytes`: all of the information. Of tags of one kind the last counts, of root pointers the newer kind.
/// Error::bad_length, Error::entry_too_short, Error::entry_past_end.
[[nodiscard]] std::expected<Information, Error> read(Bytes bytes);

/// Calls `visit(range)` for each range of the memory map that does not wrap.
template <class Visitor>
void visit_memory(const Information& information, Visitor&& visit) {
  Bytes rest = information.memory_map;
  for (; rest.size() >= information.memory_map_stride; rest = rest.subspan(information.memory_map_stride)) {
    const auto range = load<MemoryRange>(rest);
    if (range.length != 0 && range.address + range.length > range.address) visit(range);
  }
}

}  // namespace toro::firmware::multiboot2
