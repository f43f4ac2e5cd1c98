// Reads sdk/packages.txt.
#include "sdk/cli/catalog/packages.hpp"

#include <array>
#include <format>
#include <sstream>

#include "sdk/cli/catalog/json_file.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {
namespace {

std::string trimmed(std::string_view text) {
  auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::string with_version(std::string text, unsigned version) {
  auto number = std::to_string(version);
  for (auto at = text.find('@'); at != std::string::npos; at = text.find('@', at)) text.replace(at, 1, number);
  return text;
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, '|');) fields.push_back(trimmed(field));
  return fields;
}

}  // namespace

PackageList parse_packages(const std::string& text, const std::string& file, bool (*clang_installed)(unsigned)) {
  constexpr std::string_view kVersions = "llvm ";
  PackageList list;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with(kVersions)) {
      std::istringstream versions(line.substr(kVersions.size()));
      for (unsigned version = 0; versions >> version;) {
        if (list.llvm == 0) list.llvm = version;
        if (clang_installed(version)) {
          list.llvm = version;
          break;
        }
      }
      continue;
    }
    auto fields = fields_of(line);
    if (fields.size() != 5) throw Failure(std::format("{}: five fields were expected in: {}", file, line));
    list.requirements.push_back({fields[0], with_version(fields[1], list.llvm), with_version(fields[2], list.llvm),
                                 fields[3] == "-" ? "" : fields[3], fields[4]});
  }
  return list;
}

PackageList read_packages(const std::filesystem::path& sdk) {
  auto file = sdk / "sdk/packages.txt";
  return parse_packages(read_text(file), file.string(),
                        [](unsigned version) { return find_program(std::format("clang-{}", version)).has_value(); });
}

std::optional<std::filesystem::path> find_llvm_program(const std::string& name) {
  for (int version : {22, 23, 24, 21, 20, 19})
    if (auto found = find_program(std::format("{}-{}", name, version))) return found;
  return find_program(name);
}

int compare_versions(const std::string& a, const std::string& b) {
  std::istringstream left(a);
  std::istringstream right(b);
  while (true) {
    unsigned x = 0;
    unsigned y = 0;
    bool more = static_cast<bool>(left >> x);
    more |= static_cast<bool>(right >> y);
    if (!more) return 0;
    if (x != y) return x < y ? -1 : 1;
    left.ignore(1, '.');
    right.ignore(1, '.');
  }
}

std::string find_version(const std::string& text) {
  constexpr std::string_view kDigits = "0123456789";
  for (auto at = text.find_first_of(kDigits); at != std::string::npos;) {
    auto end = text.find_first_not_of("0123456789.", at);
    auto word = text.substr(at, end == std::string::npos ? end : end - at);
    while (word.ends_with('.')) word.pop_back();
    if (word.contains('.')) return word;
    at = end == std::string::npos ? end : text.find_first_of(kDigits, end);
  }
  return "";
}

}  // namespace toro::cli
