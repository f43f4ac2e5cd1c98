// What an image is made of, read from lld's map file.
#pragma once

#include <cstdint>
#include <filesystem>
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

/// The unit of each of the kernel's sources by file name: an archive names its members without their folders. A name
/// that two units have stands for the kernel as a whole.
using KernelSources = std::map<std::string, std::string>;
KernelSources kernel_sources(const std::filesystem::path& kernel);

/// The unit that an input file of the link belongs to: "kernel/memory", "gdbstub", "libc", … "application".
std::string unit_of(const std::string& input_file, const KernelSources& kernel);

/// Sums the input sections of a map by unit. Sections that are not loaded do not count.
std::map<std::string, UnitSize> sizes_by_unit(const std::string& map_text, const KernelSources& kernel);

}  // namespace toro::cli
