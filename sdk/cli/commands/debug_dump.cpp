// `toro debug --dump FILE`: a debugger on the memory of a guest that panicked.
#include <format>
#include <nlohmann/json.hpp>

#include "sdk/cli/broker/table_server.hpp"
#include "sdk/cli/catalog/build.hpp"
#include "sdk/cli/commands/boot.hpp"
#include "sdk/cli/commands/debugger.hpp"
#include "sdk/cli/dump/dump_server.hpp"
#include "sdk/cli/dump/dumped_table.hpp"
#include "sdk/cli/dump/image_text.hpp"
#include "sdk/cli/host/failure.hpp"

namespace toro::cli {
namespace {

namespace fs = std::filesystem;

/// The image beside the dump, as `toro run` leaves it, or what the command line names.
fs::path image_of(Context& context, const DebugOptions& options) {
  const auto beside = fs::path(options.boot.dump).replace_extension(".elf");
  if (options.boot.target.what.empty() && fs::exists(beside)) return beside;
  return expected_elf(resolve_target(context.sdk, options.boot.target));
}

void check_image(const fs::path& elf, const DumpedKernel& kernel) {
  switch (compare_text(elf, kernel)) {
    case TextComparison::same:
      return;
    case TextComparison::unreadable:
      throw Failure(std::format("the image that the dump is of was expected at {}, which is no image; name it: `toro "
                                "debug IMAGE.elf --dump FILE`",
                                elf.string()),
                    kUsageError);
    case TextComparison::different:
      throw Failure(std::format("the image that the dump is of was expected: the code of {} differs from the dump's; "
                                "name the one that ran: `toro debug IMAGE.elf --dump FILE`",
                                elf.string()),
                    kUsageError);
  }
}

}  // namespace

int debug_dump(Context& context, const DebugOptions& options) {
  Reporter reporter(options.boot.json ? Speech::json : Speech::words);
  const auto elf = image_of(context, options);
  DumpServer server(context.loop, options.boot.dump, options.boot.port.value_or(std::uint16_t{0}),
                    options.boot.protocol_log);
  check_image(elf, server.kernel());
  TableServer tables(context.loop, [&server](const std::string& table, const TableServer::Answer& answer) {
    answer(dumped_table_json(server.target(), table));
  });
  const bool alone = options.debugger == kNoDebugger;
  if (options.boot.port || options.boot.json || alone)
    reporter.tell("listening",
                  {{"host", "127.0.0.1"},
                   {"port", server.port()},
                   {"tables", tables.port()},
                   {"elf", elf.string()},
                   {"name", elf.stem().string()},
                   {"stub", "dump"},
                   {"pid", getpid()}},
                  std::format("a debugger can connect to 127.0.0.1:{}", server.port()));
  if (alone) context.loop.run_until([] { return false; });  // a signal ends it
  ProcessOptions process;
  if (options.batch.empty()) {
    process.terminal = Terminal::shared;
    context.loop.leave_interrupt_to_others();
  }
  Process debugger(context.loop, debugger_command(context, options, elf, server.port(), Start::where_it_stands),
                   process);
  context.loop.run_until([&] { return debugger.status().has_value(); });
  if (!server.was_asked())
    throw Failure(std::format("{} was expected to reach 127.0.0.1:{} and did not: its messages are above",
                              options.debugger, server.port()));
  return *debugger.status();
}

}  // namespace toro::cli
