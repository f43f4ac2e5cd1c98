// Starting GDB or LLDB on what listens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sdk/cli/commands/commands.hpp"

namespace toro::cli {

enum class Start {
  on_main,  ///< without a script, goes on to main
  where_it_stands,
};

/// The program's path. Installs it where it is missing; throws Failure when that is not possible.
std::string find_debugger(Context& context, const std::string& name);

/// The debugger's command line: connects to 127.0.0.1:`port`, and then runs the script where there is one.
std::vector<std::string> debugger_command(Context& context, const DebugOptions& options,
                                          const std::filesystem::path& elf, std::uint16_t port, Start start);

/// `toro debug --dump FILE`.
int debug_dump(Context& context, const DebugOptions& options);

}  // namespace toro::cli
