#include "sdk/cli/replay/image_anchor.hpp"

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

namespace toro::cli {

std::optional<tables::Anchor> anchor_of(const std::filesystem::path& elf) {
  std::ifstream file(elf, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const std::string_view magic(tables::kAnchorMagic, sizeof tables::kAnchorMagic);
  const auto at = bytes.find(magic);
  if (at == std::string::npos || at + sizeof(tables::Anchor) > bytes.size()) return std::nullopt;
  tables::Anchor anchor;
  std::memcpy(&anchor, bytes.data() + at, sizeof anchor);
  return anchor;
}

}  // namespace toro::cli
