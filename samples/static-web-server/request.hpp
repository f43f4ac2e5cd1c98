// What a client of HTTP asks for. [RFC 9112]
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace http {

inline constexpr std::size_t kMostHead = 8192;  ///< bytes of a request before its empty line

struct Range {
  std::optional<std::size_t> first;  ///< nothing: the last `last` bytes
  std::optional<std::size_t> last;
};

struct Request {
  std::string method;
  std::string path;  ///< begins with '/', decoded, without a query; never leads out of the root
  bool keeps_alive = true;
  std::optional<Range> range;
};

/// Of a head without its empty line; nothing where it makes no sense.
[[nodiscard]] std::optional<Request> parse(std::string_view head);

}  // namespace http
