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

namespace {

/// The kernel's unit of a section that the linker compiled itself, `.text._ZN4toro6memory…`: by the namespace, which is
/// all that is left of where the source was. [Itanium C++ ABI 5.1.2]
std::string unit_of_namespace(std::string_view section) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kUnits{{{"4arch", "kernel/arch"},
                                                                                  {"4boot", "kernel/boot"},
                                                                                  {"5board", "board"},
                                                                                  {"6memory", "kernel/memory"},
                                                                                  {"4heap", "kernel/memory"},
                                                                                  {"5posix", "kernel/posix"},
                                                                                  {"7process", "kernel/process"},
                                                                                  {"6virtio", "kernel/devices"},
                                                                                  {"6serial", "kernel/devices"},
                                                                                  {"7console", "kernel/devices"},
                                                                                  {"8firmware", "kernel/firmware"}}};
  constexpr std::string_view kOuter = "4toro";
  auto outer = section.find(kOuter);
  if (outer == std::string_view::npos) return "kernel";
  auto inner = section.substr(outer + kOuter.size());
  for (const auto& [name, unit] : kUnits)
    if (inner.starts_with(name)) return std::string(unit);
  return "kernel";
}

}  // namespace

UnitSize& UnitSize::operator+=(const UnitSize& other) {
  code += other.code;
  constants += other.constants;
  data += other.data;
  zeroed += other.zeroed;
  return *this;
}

KernelSources kernel_sources(const std::filesystem::path& kernel) {
  KernelSources sources;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kernel)) {
    auto extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".S") continue;
    auto folder = entry.path().lexically_relative(kernel).begin()->string();
    auto unit = entry.path().parent_path() == kernel ? "kernel" : "kernel/" + folder;
    auto [known, added] = sources.emplace(entry.path().filename(), unit);
    if (!added && known->second != unit) known->second = "kernel";
  }
  return sources;
}

std::string unit_of(const std::string& input_file, const KernelSources& kernel) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kParts{{{"libc++abi.a", "libc++abi"},
                                                                                 {"libc++.a", "libc++"},
                                                                                 {"libunwind.a", "libunwind"},
                                                                                 {"toro-libc", "libc glue"},
                                                                                 {"libc.a", "libc"},
                                                                                 {"libclang_rt", "compiler runtime"},
                                                                                 {"toro-gdbstub", "gdbstub"},
                                                                                 {"toro-board", "board"},
                                                                                 {"x86_64-linux-musl/crt", "libc"}}};
  for (const auto& [part, unit] : kParts)
    if (input_file.contains(part)) return std::string(unit);
  if (input_file.starts_with('<')) return "linker";
  if (!input_file.contains("toro-kernel")) return "application";
  // ARCHIVE(SOURCE.obj)
  auto begin = input_file.rfind('(') + 1;
  auto member = input_file.substr(begin, input_file.rfind(".obj") - begin);
  auto source = kernel.find(member);
  return source == kernel.end() ? "kernel" : source->second;
}

std::map<std::string, UnitSize> sizes_by_unit(const std::string& map_text, const KernelSources& kernel) {
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
    auto file = row.name.substr(0, section);
    auto unit = file.ends_with(".lto.o") ? unit_of_namespace(row.name.substr(section)) : unit_of(file, kernel);
    units[unit].*kind += row.size;
  }
  return units;
}

}  // namespace toro::cli
