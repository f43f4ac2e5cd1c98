// Lines out of a stream of bytes.
#pragma once

#include <optional>
#include <string>

namespace toro {

/// Takes the first line out of what was received, and its end, which is "\n" or "\r\n"; nothing while it is not whole.
[[nodiscard]] inline std::optional<std::string> take_line(std::string& received) {
  const std::size_t end = received.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = received.substr(0, end);
  received.erase(0, end + 1);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace toro
