// The formatter's one body: text with replacements, over tagged values.
#include "kernel/lib/format.hpp"

namespace toro {
namespace {

constexpr std::size_t kWidest = 64;

/// What stands between the braces.
struct Specification {
  bool left = false;
  bool right = false;
  bool prefix = false;
  bool zeros = false;
  bool hexadecimal = false;
  std::size_t width = 0;
};

Specification parse(std::string_view text) {
  Specification specification;
  for (const char c : text) {
    switch (c) {
      case '<':
        specification.left = true;
        break;
      case '>':
        specification.right = true;
        break;
      case '#':
        specification.prefix = true;
        break;
      case 'x':
        specification.hexadecimal = true;
        break;
      default:
        if (c == '0' && specification.width == 0) {
          specification.zeros = true;
        } else if (c >= '0' && c <= '9') {
          specification.width = specification.width * 10 + static_cast<std::size_t>(c - '0');
          if (specification.width > kWidest) specification.width = kWidest;
        }
    }
  }
  return specification;
}

void emit(Sink sink, std::string_view text) {
  if (!text.empty()) sink.write(sink.context, text);
}

void pad(Sink sink, char with, std::size_t count) {
  std::array<char, kWidest> text;
  for (std::size_t i = 0; i < count; ++i) text[i] = with;
  emit(sink, {text.data(), count});
}

// The digits of `value` at the end of `room`.
std::string_view digits_of(std::uint64_t value, unsigned base, std::span<char> room) {
  std::size_t first = room.size();
  do {
    room[--first] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  return {room.data() + first, room.size() - first};
}

void print_argument(Sink sink, Specification specification, const FormatArgument& argument) {
  using Kind = FormatArgument::Kind;
  std::array<char, 20> room;  // the digits of 2^64 - 1
  std::uint64_t value = argument.value();
  const char character = static_cast<char>(value);
  std::string_view prefix;
  std::string_view text;
  bool is_number = false;
  switch (argument.kind()) {
    case Kind::text:
      text = argument.text();
      break;
    case Kind::character:
      text = {&character, 1};
      break;
    case Kind::boolean:
      text = value != 0 ? "true" : "false";
      break;
    case Kind::pointer:
      specification.hexadecimal = specification.prefix = true;
      is_number = true;
      break;
    case Kind::signed_integer:
    case Kind::unsigned_integer:
      is_number = true;
      break;
  }
  if (is_number) {
    const bool negative = argument.kind() == Kind::signed_integer && static_cast<std::int64_t>(value) < 0;
    if (negative) value = 0 - value;
    if (specification.hexadecimal && specification.prefix) {
      prefix = negative ? "-0x" : "0x";
    } else if (negative) {
      prefix = "-";
    }
    text = digits_of(value, specification.hexadecimal ? 16 : 10, room);
  }
  const std::size_t length = prefix.size() + text.size();
  const std::size_t padding = specification.width > length ? specification.width - length : 0;
  const bool zeros = specification.zeros && is_number && !specification.left && !specification.right;
  const bool before = !zeros && (specification.right || (is_number && !specification.left));
  if (before) pad(sink, ' ', padding);
  emit(sink, prefix);
  if (zeros) pad(sink, '0', padding);
  emit(sink, text);
  if (!before && !zeros) pad(sink, ' ', padding);
}

}  // namespace

void print_arguments(Sink sink, std::string_view format, std::span<const FormatArgument> arguments) {
  std::size_t used = 0;
  while (!format.empty()) {
    std::size_t plain = 0;
    while (plain < format.size() && format[plain] != '{' && format[plain] != '}') ++plain;
    emit(sink, format.substr(0, plain));
    format.remove_prefix(plain);
    if (format.empty()) return;

    if (format.size() > 1 && format[1] == format[0]) {
      emit(sink, format.substr(0, 1));
      format.remove_prefix(2);
      continue;
    }
    std::size_t close = 0;
    while (close < format.size() && format[close] != '}') ++close;
    if (used < arguments.size()) {
      print_argument(sink, parse(format.substr(0, close)), arguments[used++]);
    } else {
      emit(sink, "{?}");
    }
    format.remove_prefix(close < format.size() ? close + 1 : close);
  }
}

}  // namespace toro
