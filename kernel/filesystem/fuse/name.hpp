// Names as FUSE sends them: their characters, and a zero.
#pragma once

#include <span>
#include <string_view>

#include "kernel/filesystem/result.hpp"

namespace toro::filesystem::fuse {

inline constexpr std::byte kZero{};
inline constexpr std::span<const std::byte> kEnd(&kZero, 1);

[[nodiscard]] inline std::span<const std::byte> bytes_of(std::string_view name) {
  return std::as_bytes(std::span(name));
}

/// `invalid` for what a server would take for another name.
[[nodiscard]] inline Result<> check_name(std::string_view name) {
  if (name.empty() || name.contains('\0')) return failure(Error::invalid);
  return {};
}

}  // namespace toro::filesystem::fuse
