// `toro setup`, and what other commands do when something is missing.
#include <format>

#include "sdk/cli/catalog/packages.hpp"
#include "sdk/cli/commands/commands.hpp"
#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {
namespace {

int run_setup(Context& context, const std::vector<std::string>& groups) {
  std::vector<std::string> command{"sh", (context.sdk / "sdk/setup.sh").string()};
  command.insert(command.end(), groups.begin(), groups.end());
  ProcessOptions options;
  options.terminal = Terminal::shared;  // sudo may ask for a password
  options.output = STDERR_FILENO;
  return run_program(context.loop, command, options);
}

}  // namespace

int setup_command(Context& context, const std::vector<std::string>& groups) {
  return run_setup(context, groups);
}

void ensure_group(Context& context, const std::string& group) {
  ProcessOptions quiet;
  auto pipe = make_pipe();
  quiet.output = pipe.writer.get();
  if (run_program(context.loop, {"sh", (context.sdk / "sdk/setup.sh").string(), "--check", group}, quiet) == 0) return;
  if (run_setup(context, {group}) != 0)
    throw Failure(
        std::format("what `{}` needs was expected to be installed and is not: see above, then `toro setup --for {}`",
                    group, group));
}

void ensure_toolchain(Context& context) {
  bool there =
      find_program("cmake") && find_program("ninja") && find_llvm_program("clang++") && find_llvm_program("ld.lld");
  if (!there) ensure_group(context, "build");
}

}  // namespace toro::cli
