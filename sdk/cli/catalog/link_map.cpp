// Parses lld's map: columns VMA, LMA, size, alignment, then an output section, an input section or a symbol, told apart
// by how far they are indented.
#include "sdk/cli/catalog/link_map.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>
#include <utility>

namespace toro::cli {
namespace {

struct Row {
  std::uint64_t size;
  std::size_t indent;  ///< of the last column, after the alignment
  std::string name;
};

/// One line of the map; false for the header and for lines of another form.
bool parse_row(const std::string& line, Row& row) {
  std::istringstream stream(line);
  std::uint64_t vma = 0;
  std::uint64_t lma = 0;
  std::uint64_t alignment = 0;
  if (!(stream >> std::hex >> vma >> lma >> row.size >> std::dec >> alignment)) return false;
  auto column = static_cast<std::size_t>(stream.tellg());
  auto name = line.find_first_not_of(' ', column);
  if (name == std::string::npos) return false;
  row.indent = name - column;
  row.name = line.substr(name);
  return true;
}

std::uint64_t UnitSize::* kind_of(std::string_view output_section) {
  constexpr std::array<std::string_view, 7> kNotLoaded{".debug",    ".comment",   ".symtab", ".strtab",
                                                       ".shstrtab", ".gdb_index", ".llvm"};
  for (auto prefix : kNotLoaded)
    if (output_section.starts_with(prefix)) return nullptr;
  if (output_section.contains("bss")) return &UnitSize::zeroed;
  if (output_section.contains("text") || output_section.starts_with(".init") || output_section.starts_with(".boot"))
    return &UnitSize::code;
  if (output_section.contains("rodata") || output_section.contains("eh_frame") || output_section.starts_with(".note") ||
      output_section.starts_with(".gcc_except_table"))
    return &UnitSize::constants;
  return &UnitSize::data;
}

}  // namespace

UnitSize& UnitSize::operator+=(const UnitSize& other) {
  code += other.code;
  constants += other.constants;
  data += other.data;
  zeroed += other.zeroed;
  return *this;
}

std::string unit_of(const std::string& input_file, const std::string& sdk) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kLibraries{
      {{"libc++abi.a", "libc++abi"},
       {"libc++.a", "libc++"},
       {"libunwind.a", "libunwind"},
       {"libc.a", "libc"},
       {"libm.a", "libc"},
       {"libclang_rt", "compiler runtime"}}};
  for (const auto& [part, unit] : kLibraries)
    if (input_file.contains(part)) return std::string(unit);
  if (input_file.starts_with('<')) return "linker";
  // A name within the SDK: of the sources, or of what was built of them under build/PRESET/.
  auto path = input_file;
  if (path.starts_with(sdk + "/")) path.erase(0, sdk.size() + 1);
  if (path.starts_with("build/")) path.erase(0, std::min(path.find('/', 6), path.size() - 1) + 1);
  for (std::string_view unit : {"memory", "process", "devices", "filesystem", "network", "posix", "arch"}) {
    if (path.contains("kernel/" + std::string(unit)) || path.contains("/" + std::string(unit) + "/") ||
        path.contains("toro-" + std::string(unit)))
      return "kernel/" + std::string(unit);
  }
  if (path.contains("gdbstub")) return "gdbstub";
  if (path.contains("boards/") || path.contains("toro-board")) return "board";
  if (path.starts_with("kernel") || path.contains("/kernel/") || path.contains("toro-kernel")) return "kernel";
  if (path.starts_with("sdk/")) return "glue";
  return "application";
}

std::map<std::string, UnitSize> sizes_by_unit(const std::string& map_text, const std::string& sdk) {
  std::map<std::string, UnitSize> units;
  std::uint64_t UnitSize::* kind = nullptr;
  std::istringstream lines(map_text);
  std::size_t output_indent = std::string::npos;
  Row row;
  for (std::string line; std::getline(lines, line);) {
    if (!parse_row(line, row)) continue;
    output_indent = std::min(output_indent, row.indent);
    if (row.indent == output_indent) {
      kind = kind_of(row.name);
      continue;
    }
    // An input section is FILE:(SECTION); a symbol is indented further.
    auto section = row.name.rfind(":(");
    if (kind == nullptr || section == std::string::npos || row.indent > output_indent + 8) continue;
    units[unit_of(row.name.substr(0, section), sdk)].*kind += row.size;
  }
  return units;
}

}  // namespace toro::cli
