// What a server of HTTP/1.1 reads and writes: heads of requests, and answers. [RFC 9112]
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace toro::http {

inline constexpr std::size_t kMostHead = 8192;  ///< bytes of a request before its empty line that a server should take

struct Range {
  std::optional<std::size_t> first;  ///< nothing: the last `last` bytes
  std::optional<std::size_t> last;
};

struct Request {
  std::string method;
  std::string path;  ///< begins with '/', decoded, without a query; never leads out of the root
  bool keeps_alive = false;
  std::optional<Range> range{};
  std::size_t content_length = 0;  ///< bytes of the body
  std::vector<std::pair<std::string, std::string>> fields{};

  /// The first of that name, whatever its case; empty where there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const;
};

/// Takes the first head out of what was received, and its empty line; nothing while it is not whole.
[[nodiscard]] std::optional<std::string> take_head(std::string& received);

/// Of a head without its empty line; nothing where it makes no sense, or has a transfer coding.
[[nodiscard]] std::optional<Request> parse(std::string_view head);

/// The field of an answer that says whether the connection stays, for which clients of HTTP/1.0 wait. [RFC 9112 §9.3]
[[nodiscard]] inline std::string_view connection_field(const Request& request) {
  return request.keeps_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
}

/// A whole answer: status line ("200 OK"), fields and body.
[[nodiscard]] std::string answer(const Request& request, std::string_view status, std::string_view type,
                                 std::string_view body);

}  // namespace toro::http
