// The guest's command line: options of the kernel and arguments of main.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

namespace toro {

enum class CommandLineError : std::uint8_t {
  too_many_arguments,
  too_many_options,
  unclosed_quote,
  empty_option_name,  ///< `toro.` or `toro.=VALUE`
  cut_off,            ///< no zero in the text: it was longer than its buffer
};

/// What to tell the user, with the limit that was passed.
[[nodiscard]] const char* message(CommandLineError error);

/// Whether `word` stands in a text that is not split yet, alone between spaces and before the first lone `--`. It
/// is known so before memory is.
[[nodiscard]] bool has_word(const char* text, std::string_view word);

/// Tokens are separated by white space. Double quotes group, anywhere in a token; within them a backslash before `"` or
/// `\` stands for that character. A token is
/// - a device's, when it has no quotes and starts `virtio_mmio.device=`, wherever it stands (QEMU appends them): left
/// to
///   virtio/mmio_discovery.hpp, which reads the text before it is split;
/// - an option of the kernel, when it starts with an unquoted `toro.` and stands before the first unquoted lone `--`;
/// - nothing, when it is that first `--`;
/// - an argument of main, else.
/// A prefix in quotes is therefore an argument. Needs no memory but its own and the text's; any context.
class CommandLine {
 public:
  static constexpr std::size_t kMaxArguments = 63;  ///< without argv[0]
  static constexpr std::size_t kMaxOptions = 16;

  struct Option {
    std::string_view name;   ///< without `toro.`
    std::string_view value;  ///< empty when there is no `=`
  };

  constexpr CommandLine() = default;
  CommandLine(const CommandLine&) = delete;  // argv points into the text: one parse, one owner
  CommandLine& operator=(const CommandLine&) = delete;

  /// Splits `text` in place, up to its first zero, which must be within the span. `text` and `program` (argv[0]) must
  /// live as long as argv is used. After an error everything that had room was still kept, so that the console's device
  /// is known when the error (the first one) is to be printed.
  [[nodiscard]] std::expected<void, CommandLineError> parse(std::span<char> text, char* program);

  /// As main gets them: argv()[argc()] is null. argc is at least 1 after parse.
  [[nodiscard]] int argc() const { return static_cast<int>(argument_count_); }
  [[nodiscard]] char** argv() { return arguments_.data(); }

  /// The value of `toro.NAME=VALUE`, empty for `toro.NAME`; of several the last one.
  [[nodiscard]] std::optional<std::string_view> option(std::string_view name) const;
  [[nodiscard]] std::span<const Option> options() const { return {options_.data(), option_count_}; }

 private:
  void keep(std::span<char> token, std::size_t unquoted, bool has_quotes);
  void keep_option(std::string_view text);
  void fail(CommandLineError error);

  std::array<char*, kMaxArguments + 2> arguments_{};
  std::array<Option, kMaxOptions> options_{};
  std::size_t argument_count_ = 0;
  std::size_t option_count_ = 0;
  std::optional<CommandLineError> error_;
  bool arguments_only_ = false;  // after `--`
};

}  // namespace toro
