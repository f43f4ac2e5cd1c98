#include "sdk/cli/dump/image_text.hpp"

#include <elf.h>

#include <cstring>
#include <fstream>

namespace toro::cli {
namespace {

/// Bytes of code that may differ: as many breakpoints as a stub has.
constexpr std::size_t kMostDifferences = 256;

template <class T>
bool read_at(std::ifstream& file, std::uint64_t offset, T& value) {
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(&value), sizeof value);
  return file.good();
}

bool is_same(std::ifstream& file, const Elf64_Phdr& segment, const DumpedKernel& kernel) {
  std::vector<std::byte> linked(segment.p_filesz), loaded(segment.p_filesz);
  file.seekg(static_cast<std::streamoff>(segment.p_offset));
  file.read(reinterpret_cast<char*>(linked.data()), static_cast<std::streamsize>(linked.size()));
  const auto place = gdbstub::x86_64::image_place(kernel);
  const auto size = kernel.read_memory(segment.p_vaddr - place.linked + place.loaded, loaded);
  if (!file.good() || size != loaded.size()) return false;
  std::size_t differences = 0;
  for (std::size_t i = 0; i < size; ++i) differences += linked[i] != loaded[i] ? 1 : 0;
  return differences <= kMostDifferences;
}

}  // namespace

TextComparison compare_text(const std::filesystem::path& elf, const DumpedKernel& kernel) {
  std::ifstream file(elf, std::ios::binary);
  Elf64_Ehdr header{};
  if (!read_at(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return TextComparison::unreadable;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    if (!read_at(file, header.e_phoff + i * sizeof segment, segment)) return TextComparison::unreadable;
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0)
      return is_same(file, segment, kernel) ? TextComparison::same : TextComparison::different;
  }
  return TextComparison::unreadable;
}

}  // namespace toro::cli
