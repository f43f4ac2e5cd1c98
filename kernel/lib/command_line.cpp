// Splits the guest's command line in place.
#include "kernel/lib/command_line.hpp"

namespace toro {
namespace {

constexpr std::string_view kOptionPrefix = "toro.";
constexpr std::string_view kDevicePrefix = "virtio_mmio.device=";

constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

}  // namespace

const char* message(CommandLineError error) {
  static_assert(CommandLine::kMaxArguments == 63 && CommandLine::kMaxOptions == 16);
  switch (error) {
    case CommandLineError::too_many_arguments:
      return "more than 63 arguments for main";
    case CommandLineError::too_many_options:
      return "more than 16 options starting with toro.";
    case CommandLineError::unclosed_quote:
      return "a double quote is not closed";
    case CommandLineError::empty_option_name:
      return "toro. is followed by no option name";
    case CommandLineError::cut_off:
      return "the text is longer than the buffer for it";
  }
  return "malformed";
}

bool has_word(const char* text, std::string_view word) {
  for (;;) {
    while (*text == ' ') ++text;
    const char* const begin = text;
    while (*text != '\0' && *text != ' ') ++text;
    const std::string_view token(begin, text);
    if (token == word) return true;
    if (token.empty() || token == "--") return false;
  }
}

void CommandLine::fail(CommandLineError error) {
  if (!error_) error_ = error;
}

void CommandLine::keep_option(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const std::string_view value = equals == std::string_view::npos ? std::string_view{} : text.substr(equals + 1);
  if (name.empty()) {
    fail(CommandLineError::empty_option_name);
  } else if (option_count_ == kMaxOptions) {
    fail(CommandLineError::too_many_options);
  } else {
    options_[option_count_++] = {name, value};
  }
}

// `unquoted` is how many characters the token has before its first quote.
void CommandLine::keep(std::span<char> token, std::size_t unquoted, bool has_quotes) {
  const std::string_view text{token.data(), token.size()};
  if (!has_quotes && text.starts_with(kDevicePrefix)) return;
  if (!arguments_only_ && unquoted >= kOptionPrefix.size() && text.starts_with(kOptionPrefix)) {
    keep_option(text.substr(kOptionPrefix.size()));
  } else if (!arguments_only_ && !has_quotes && text == "--") {
    arguments_only_ = true;
  } else {
    if (argument_count_ > kMaxArguments) return fail(CommandLineError::too_many_arguments);
    arguments_[argument_count_++] = token.data();
  }
}

std::expected<void, CommandLineError> CommandLine::parse(std::span<char> text, char* program) {
  arguments_[0] = program;
  argument_count_ = 1;
  std::size_t size = 0;
  while (size < text.size() && text[size] != '\0') ++size;
  if (size == text.size()) {
    fail(CommandLineError::cut_off);
    if (size == 0) return std::unexpected{*error_};
    --size;  // the last character makes room for a zero
  }

  // A token never grows, so it is written over itself; the zero after it falls on its separator at the latest.
  std::size_t read = 0;
  while (true) {
    while (read < size && is_space(text[read])) ++read;
    if (read == size) break;
    const std::size_t start = read;
    std::size_t written = read;
    std::size_t unquoted = 0;
    bool has_quotes = false;
    bool quoted = false;
    for (; read < size && (quoted || !is_space(text[read])); ++read) {
      char c = text[read];
      if (c == '"') {
        quoted = !quoted;
        has_quotes = true;
        continue;
      }
      if (quoted && c == '\\' && read + 1 < size && (text[read + 1] == '"' || text[read + 1] == '\\')) {
        c = text[++read];
      }
      text[written++] = c;
      if (!has_quotes) ++unquoted;
    }
    if (quoted) fail(CommandLineError::unclosed_quote);
    if (read < size) ++read;
    text[written] = '\0';
    keep(text.subspan(start, written - start), unquoted, has_quotes);
  }
  if (error_) return std::unexpected{*error_};
  return {};
}

std::optional<std::string_view> CommandLine::option(std::string_view name) const {
  std::optional<std::string_view> value;
  for (const Option& option : options()) {
    if (option.name == name) value = option.value;
  }
  return value;
}

}  // namespace toro
