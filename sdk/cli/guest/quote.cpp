// Quoting.
#include "sdk/cli/guest/quote.hpp"

namespace toro::cli {

std::string quote_for_shell(std::string_view word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,/:@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) return std::string(word);
  std::string quoted = "'";
  for (char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) {
    if (!line.empty()) line += ' ';
    line += quote_for_shell(word);
  }
  return line;
}

std::string quote_for_qemu(std::string_view value) {
  std::string quoted;
  for (char c : value) quoted.append(c == ',' ? 2 : 1, c);
  return quoted;
}

std::string quote_for_guest(std::string_view argument) {
  std::string quoted = "\"";
  for (char c : argument) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string guest_command_line(const std::vector<std::string>& kernel_options,
                               const std::vector<std::string>& arguments) {
  std::string line;
  for (const auto& option : kernel_options) line += option + ' ';
  line += "--";
  for (const auto& argument : arguments) line += ' ' + quote_for_guest(argument);
  return line;
}

}  // namespace toro::cli
