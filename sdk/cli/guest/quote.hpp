// Words quoted for those that read them: a POSIX shell, the guest's command line, and QEMU's options.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace toro::cli {

/// One word for a shell; bare when it needs no quotes.
std::string quote_for_shell(std::string_view word);

/// The words as one line for a shell.
std::string shell_line(const std::vector<std::string>& words);

/// One value among others, with commas between them, of an option of QEMU: its own commas are doubled.
std::string quote_for_qemu(std::string_view value);

/// One argument of the guest's main: in double quotes, with `"` and `\` escaped.
std::string quote_for_guest(std::string_view argument);

/// The kernel's command line: options, a lone `--`, the arguments of main.
std::string guest_command_line(const std::vector<std::string>& kernel_options,
                               const std::vector<std::string>& arguments);

}  // namespace toro::cli
