// `toro build`.
#include "sdk/cli/catalog/build.hpp"

#include <nlohmann/json.hpp>

#include "sdk/cli/commands/commands.hpp"
#include "sdk/cli/commands/table.hpp"

namespace toro::cli {

int build_command(Context& context, const TargetOptions& options, Output output) {
  auto target = resolve_target(context.sdk, options);
  ensure_toolchain(context);
  auto application = build_target(context.loop, context.sdk, target, options.application, Progress::shown);
  if (output == Output::json) {
    nlohmann::ordered_json json{{"name", application.name},
                                {"elf", application.elf.string()},
                                {"board", target.board.name},
                                {"config", target.preset.config},
                                {"preset", target.preset.name},
                                {"build_directory", target.build_directory.string()},
                                {"directory", target.directory.string()},
                                {"stub", application.has_stub}};
    print(json.dump(2) + "\n");
  } else {
    print(application.elf.string() + "\n");
  }
  return 0;
}

}  // namespace toro::cli
