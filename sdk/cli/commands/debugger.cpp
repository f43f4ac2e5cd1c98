// GDB's and LLDB's command lines.
#include "sdk/cli/commands/debugger.hpp"

#include <format>

#include "sdk/cli/catalog/packages.hpp"
#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::string find_debugger(Context& context, const std::string& name) {
  auto find = [&] { return name == "lldb" ? find_llvm_program("lldb") : find_program("gdb"); };
  auto found = find();
  if (!found) {
    ensure_group(context, "debug");
    found = find();
  }
  if (!found)
    throw Failure(std::format("{} was expected in PATH and was not found: `toro setup --for debug` installs it", name));
  return found->string();
}

namespace {

std::vector<std::string> gdb_command(const std::string& gdb, const fs::path& sdk, const fs::path& elf,
                                     const std::string& batch, std::uint16_t port, Start start) {
  const auto scripts = sdk / "sdk/debug";
  std::vector<std::string> command{
      gdb, "-q", "-ix", (scripts / "toro.gdb").string(), "-ix", (scripts / "toro_gdb.py").string(), elf.string()};
  if (!batch.empty()) command.insert(command.begin() + 2, {"-nx", "-batch"});
  command.insert(command.end(), {"-ex", std::format("target remote 127.0.0.1:{}", port)});
  if (!batch.empty()) {
    command.insert(command.end(), {"-x", batch});
  } else if (start == Start::on_main) {
    command.insert(command.end(), {"-ex", "tbreak main", "-ex", "continue"});
  }
  return command;
}

std::vector<std::string> lldb_command(const std::string& lldb, const fs::path& sdk, const fs::path& elf,
                                      const std::string& batch, std::uint16_t port, Start start) {
  std::vector<std::string> command{lldb};
  if (!batch.empty()) command.insert(command.end(), {"--no-lldbinit", "--batch"});
  command.insert(command.end(), {"--source-before-file", (sdk / "sdk/debug/toro.lldb").string(), elf.string(), "-o",
                                 "command script import " + (sdk / "sdk/debug/toro_lldb.py").string(), "-o",
                                 std::format("gdb-remote 127.0.0.1:{}", port)});
  if (!batch.empty()) {
    command.insert(command.end(), {"--source", batch});
  } else if (start == Start::on_main) {
    command.insert(command.end(), {"-o", "breakpoint set --one-shot true --name main", "-o", "continue"});
  }
  return command;
}

}  // namespace

std::vector<std::string> debugger_command(Context& context, const DebugOptions& options, const fs::path& elf,
                                          std::uint16_t port, Start start) {
  auto program = find_debugger(context, options.debugger);
  auto make = options.debugger == "lldb" ? lldb_command : gdb_command;
  return make(program, context.sdk, elf, options.batch, port, start);
}

}  // namespace toro::cli
