// What an image is made of, read from lld's map file.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace toro::cli {

struct UnitSize {
  std::uint64_t code = 0;
  std::uint64_t constants = 0;
  std::uint64_t data = 0;
  std::uint64_t zeroed = 0;  ///< takes memory, no place in the file
  UnitSize& operator+=(const UnitSize& other);
};

/// The unit that an input file of the link belongs to: "kernel/memory", "gdbstub", "libc", … "application".
std::string unit_of(const std::string& input_file, const std::string& sdk);

/// Sums the input sections of a map by unit. Sections that are not loaded do not count.
std::map<std::string, UnitSize> sizes_by_unit(const std::string& map_text, const std::string& sdk);

}  // namespace toro::cli
