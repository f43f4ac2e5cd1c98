// `--memory 64M`: sizes as people write them.
#pragma once

#include <optional>
#include <string_view>

namespace toro::cli {

/// Mebibytes of "64", "64M" or "1G"; nothing when the text is no such size.
std::optional<unsigned> parse_memory_mib(std::string_view text);

}  // namespace toro::cli
