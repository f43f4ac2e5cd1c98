// Where an image has the kernel's records, by its file alone.
#pragma once

#include <filesystem>
#include <optional>

#include "kernel/tables/anchor.hpp"

namespace toro::cli {

/// The anchor of an image that stays where its file says; nothing where the image has none, because it is a release
/// one.
[[nodiscard]] std::optional<tables::Anchor> anchor_of(const std::filesystem::path& elf);

}  // namespace toro::cli
