// Parses memory sizes.
#include "sdk/cli/guest/memory_size.hpp"

#include <charconv>

namespace toro::cli {

std::optional<unsigned> parse_memory_mib(std::string_view text) {
  unsigned number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number == 0) return std::nullopt;
  std::string_view unit(end, text.data() + text.size());
  if (unit.empty() || unit == "M" || unit == "MiB") return number;
  if ((unit == "G" || unit == "GiB") && number <= 1024) return number * 1024;
  return std::nullopt;
}

}  // namespace toro::cli
