// Heads of HTTP.
#include <toro/http.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace toro::http {
namespace {

std::string_view take_until(std::string_view& text, std::string_view end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + end.size(), text.size()));
  return taken;
}

bool equals(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

template <class T>
std::optional<T> number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::string> decode(std::string_view text) {
  std::string path;
  while (!text.empty()) {
    char character = text.front();
    std::size_t size = 1;
    if (character == '%') {
      const auto code = text.size() < 3 ? std::nullopt : number<unsigned char>(text.substr(1, 2), 16);
      if (!code) return std::nullopt;
      character = static_cast<char>(*code);
      size = 3;
    }
    if (std::iscntrl(static_cast<unsigned char>(character)) != 0) return std::nullopt;  // a NUL would cut a path short
    path += character;
    text.remove_prefix(size);
  }
  return path;
}

bool leads_out(std::string_view path) {
  while (!path.empty())
    if (take_until(path, "/") == "..") return true;
  return false;
}

/// One range of bytes; others are as if they were not there. [RFC 9110 14.1.2]
std::optional<Range> parse_range(std::string_view value) {
  if (!value.starts_with("bytes=") || value.contains(',')) return std::nullopt;
  value.remove_prefix(6);
  const std::string_view first = trim(take_until(value, "-"));
  const std::string_view last = trim(value);
  Range range{number<std::size_t>(first), number<std::size_t>(last)};
  if ((!first.empty() && !range.first) || (!last.empty() && !range.last)) return std::nullopt;
  if (!range.first && !range.last) return std::nullopt;
  if (range.first && range.last && *range.last < *range.first) return std::nullopt;
  return range;
}

}  // namespace

std::string_view Request::field(std::string_view name) const {
  const auto found = std::ranges::find_if(fields, [&](const auto& field) { return equals(field.first, name); });
  return found == fields.end() ? std::string_view{} : found->second;
}

std::optional<std::string> take_head(std::string& received) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t at = received.find(kEnd);
  if (at == std::string::npos) return std::nullopt;
  std::string head = received.substr(0, at);
  received.erase(0, at + kEnd.size());
  return head;
}

std::string answer(const Request& request, std::string_view status, std::string_view type, std::string_view body) {
  std::string text = "HTTP/1.1 ";
  text.append(status).append("\r\nContent-Length: ").append(std::to_string(body.size()));
  text.append("\r\nContent-Type: ").append(type).append("\r\n").append(connection_field(request));
  return text.append("\r\n").append(body);
}

std::optional<Request> parse(std::string_view head) {
  std::string_view line = take_until(head, "\r\n");
  Request request;
  request.method = take_until(line, " ");
  std::string_view target = take_until(line, " ");
  if (line != "HTTP/1.1" && line != "HTTP/1.0") return std::nullopt;
  request.keeps_alive = line == "HTTP/1.1";
  const auto path = decode(take_until(target, "?"));
  if (!path || !path->starts_with('/') || leads_out(*path)) return std::nullopt;
  request.path = *path;
  while (!head.empty()) {
    std::string_view value = take_until(head, "\r\n");
    const std::string_view name = take_until(value, ":");
    // Where the body ends must not be in doubt, or others see other requests than we do. [RFC 9112 §5.1, §6.3, §11.2]
    if (name.empty() || name.contains(' ') || name.contains('\t') || equals(name, "Transfer-Encoding"))
      return std::nullopt;
    if (equals(name, "Content-Length") && !request.field(name).empty()) return std::nullopt;
    value = trim(value);
    request.fields.emplace_back(name, value);
    if (equals(name, "Content-Length")) {
      const auto length = number<std::size_t>(value);
      if (!length) return std::nullopt;
      request.content_length = *length;
    }
    if (equals(name, "Connection") && equals(value, "close")) request.keeps_alive = false;
    if (equals(name, "Connection") && equals(value, "keep-alive")) request.keeps_alive = true;
    if (equals(name, "Range")) request.range = parse_range(value);
  }
  return request;
}

}  // namespace toro::http
