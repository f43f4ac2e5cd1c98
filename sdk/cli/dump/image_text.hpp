// Whether an image file is the one that a dump is of.
#pragma once

#include <filesystem>

#include "sdk/cli/dump/dumped_kernel.hpp"

namespace toro::cli {

enum class TextComparison { same, different, unreadable };

/// Compares the code, which holds no addresses and so is the same wherever the image was moved to. A breakpoint that
/// was in it may differ.
TextComparison compare_text(const std::filesystem::path& elf, const DumpedKernel& kernel);

}  // namespace toro::cli
