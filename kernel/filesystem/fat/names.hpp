// FAT's two names of a file: the long one in UTF-16, and the short one of eight and three characters. [FAT §6.1, §7]
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/filesystem/fat/on_disk.hpp"

namespace toro::filesystem::fat {

inline constexpr std::size_t kMostUnits = 255;  ///< UTF-16 units of a long name

using ShortName = std::array<std::uint8_t, 11>;

/// A name in UTF-16, as long names have it.
struct LongName {
  std::array<char16_t, kMostUnits> units;
  std::size_t size = 0;

  [[nodiscard]] std::u16string_view view() const { return {units.data(), size}; }
  /// Directory entries that it takes, the short name's among them.
  [[nodiscard]] std::size_t entries() const { return 1 + (size + LongNameEntry::kUnits - 1) / LongNameEntry::kUnits; }
};

/// Nothing when FAT cannot have the name: it is no UTF-8, has a character that FAT forbids, or ends in a dot or blank.
[[nodiscard]] std::optional<LongName> to_long_name(std::string_view utf8);
/// In UTF-8; nothing when it does not fit in `to` or is no UTF-16.
[[nodiscard]] std::optional<std::size_t> to_utf8(std::u16string_view name, std::span<char> to);
/// Names that differ only in the case of A to Z are the same.
[[nodiscard]] bool same(std::u16string_view a, std::u16string_view b);

/// As people read it: "README.TXT", 12 characters at most, by code page 437.
struct ShortText {
  std::array<char16_t, 12> units;
  std::size_t size = 0;
  [[nodiscard]] std::u16string_view view() const { return {units.data(), size}; }
};
[[nodiscard]] ShortText to_text(const DirectoryEntry& entry);

/// Binds long names to their short one.
[[nodiscard]] std::uint8_t checksum(const ShortName& name);

/// What a short name is made from.
struct ShortNameBasis {
  ShortName name;
  bool is_exact = false;  ///< it is the name itself: no long one is needed
};
[[nodiscard]] ShortNameBasis to_basis(std::u16string_view name);

/// The basis with "~tail", and with four hexadecimal digits of the long name's hash before it where there is a salt.
[[nodiscard]] ShortName with_tail(const ShortName& basis, std::u16string_view name, unsigned salt, unsigned tail);
inline constexpr unsigned kMostTail = 9;

}  // namespace toro::filesystem::fat
