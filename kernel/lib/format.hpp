// Text of the kernel's messages: a small type-safe formatter without heap or locale.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace toro {

/// Where text goes: called once for each piece, in order. `write` decides from which context a Sink may be used.
struct Sink {
  void* context = nullptr;
  void (*write)(void* context, std::string_view text) = nullptr;
};

/// One value to print, tagged with how. Enumerations print as their number.
class FormatArgument {
 public:
  enum class Kind : std::uint8_t { text, character, boolean, signed_integer, unsigned_integer, pointer };

  constexpr FormatArgument(std::string_view text) : text_{text.data()}, value_{text.size()}, kind_{Kind::text} {}
  constexpr FormatArgument(const char* text) : FormatArgument{text == nullptr ? std::string_view{"(null)"} : text} {}
  constexpr FormatArgument(char character) : value_{static_cast<unsigned char>(character)}, kind_{Kind::character} {}
  constexpr FormatArgument(bool value) : value_{value}, kind_{Kind::boolean} {}
  template <std::signed_integral T>
  constexpr FormatArgument(T value)
      : value_{static_cast<std::uint64_t>(std::int64_t{value})}, kind_{Kind::signed_integer} {}
  template <std::unsigned_integral T>
  constexpr FormatArgument(T value) : value_{value}, kind_{Kind::unsigned_integer} {}
  template <class T>
    requires std::is_enum_v<T>
  constexpr FormatArgument(T value) : FormatArgument{static_cast<std::underlying_type_t<T>>(value)} {}
  template <class T>
  FormatArgument(T* pointer) : value_{reinterpret_cast<std::uintptr_t>(pointer)}, kind_{Kind::pointer} {}
  constexpr FormatArgument(std::nullptr_t) : kind_{Kind::pointer} {}

  [[nodiscard]] constexpr Kind kind() const { return kind_; }
  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
  [[nodiscard]] constexpr std::string_view text() const { return {text_, static_cast<std::size_t>(value_)}; }

 private:
  const char* text_ = nullptr;
  std::uint64_t value_ = 0;
  Kind kind_;
};

/// Prints `format` with each `{}` or `{:SPEC}` replaced by the next argument; `{{` and `}}` print one brace.
/// SPEC is as in std::format: `[<|>][#][0][WIDTH][d|x]`, WIDTH in characters and at most 64. Text stands left and
/// numbers right by default, `#` puts 0x before hexadecimal, pointers are always `0x` and hexadecimal. A replacement
/// without argument prints `{?}`.
void print_arguments(Sink sink, std::string_view format, std::span<const FormatArgument> arguments);

/// A format string whose braces are balanced and whose replacements are as many as the arguments: checked by the
/// compiler.
template <class... Arguments>
class FormatString {
 public:
  template <std::convertible_to<std::string_view> T>
  consteval FormatString(const T& text) : text_{text} {
    std::size_t replacements = 0;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const bool doubled = i + 1 < text_.size() && text_[i + 1] == text_[i];
      if ((text_[i] == '{' || text_[i] == '}') && doubled) {
        ++i;
      } else if (text_[i] == '{') {
        ++replacements;
        i = text_.find('}', i);
        if (i == std::string_view::npos) mistake("a brace is not closed");
      } else if (text_[i] == '}') {
        mistake("a brace is not opened");
      }
    }
    if (replacements != sizeof...(Arguments)) mistake("replacements and arguments differ in number");
  }

  [[nodiscard]] constexpr std::string_view view() const { return text_; }

 private:
  static void mistake(const char*) {}  // not constexpr: a call stops the compiler at the message

  std::string_view text_;
};

/// `print(console, "core {} at {:#018x}\n", core, address)`
template <class... Arguments>
void print(Sink sink, FormatString<std::type_identity_t<Arguments>...> format, const Arguments&... arguments) {
  const std::array<FormatArgument, sizeof...(Arguments)> values{FormatArgument{arguments}...};
  print_arguments(sink, format.view(), values);
}

/// Text of at most N characters in place, always followed by a zero. What does not fit is cut off, and truncated() says
/// so.
template <std::size_t N>
class FixedString {
 public:
  constexpr FixedString() = default;

  template <class... Arguments>
  FixedString& print(FormatString<std::type_identity_t<Arguments>...> format, const Arguments&... arguments) {
    toro::print(sink(), format, arguments...);
    return *this;
  }

  constexpr FixedString& append(std::string_view text) {
    for (const char c : text) {
      if (size_ == N) {
        truncated_ = true;
        break;
      }
      text_[size_++] = c;
    }
    text_[size_] = '\0';
    return *this;
  }

  constexpr void clear() {
    size_ = 0;
    truncated_ = false;
    text_[0] = '\0';
  }

  [[nodiscard]] constexpr std::string_view view() const { return {text_.data(), size_}; }
  [[nodiscard]] constexpr const char* c_str() const { return text_.data(); }
  [[nodiscard]] constexpr bool truncated() const { return truncated_; }

  /// Appends to this string, for functions that take a Sink.
  [[nodiscard]] Sink sink() {
    return {this, [](void* self, std::string_view text) { static_cast<FixedString*>(self)->append(text); }};
  }

 private:
  std::array<char, N + 1> text_{};
  std::size_t size_ = 0;
  bool truncated_ = false;
};

}  // namespace toro
