#include "sdk/cli/commands/recording.hpp"

#include <format>

#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {
namespace {

namespace fs = std::filesystem;

fs::path snapshot_of(const fs::path& file) {
  auto snapshot = file;
  snapshot += ".qcow2";
  return snapshot;
}

/// An empty disk, whose only use is to hold the snapshot.
void make_snapshot(Context& context, const fs::path& file) {
  const auto program = find_program("qemu-img");
  if (!program) throw Failure("qemu-img was expected in PATH and was not found: `toro setup --for image` installs it");
  Process process(context.loop, {program->string(), "create", "-q", "-f", "qcow2", snapshot_of(file).string(), "1M"},
                  {});
  context.loop.run_until([&] { return process.status().has_value(); });
  if (*process.status() != 0)
    throw Failure(std::format("--record was expected to name a file that can be written: {}", file.string()));
}

/// A recording is of what QEMU emulates, one core at a time, and of what it can write down.
void require_recordable(const Boot& boot) {
  if (boot.cores != 1)
    throw Failure(std::format("one core was expected: a guest of {} cannot be recorded", boot.cores), kUsageError);
  if (!boot.disks.empty() || !boot.shares.empty() || boot.vsock.is_wanted() || boot.network != Network::none)
    throw Failure(
        "a guest without disks, shared folders, vsock and network was expected: what they bring cannot be recorded",
        kUsageError);
  if (!boot.board.channels.contains("recorded-console"))
    throw Failure(std::format("a board with a console that can be recorded was expected: {} has none", boot.board.name),
                  kUsageError);
}

}  // namespace

void prepare_recording(Context& context, const DebugOptions& options, Boot& boot) {
  require_recordable(boot);
  const bool records = !options.record.empty();
  boot.recording = records ? Recording::record : Recording::replay;
  boot.recording_file = fs::absolute(records ? options.record : options.replay);
  boot.accelerator = Accelerator::tcg;
  if (options.boot.print_command) return;
  if (records) return make_snapshot(context, boot.recording_file);
  if (!fs::exists(boot.recording_file) || !fs::exists(snapshot_of(boot.recording_file)))
    throw Failure(std::format("--replay was expected to name a recording, which is two files: '{0}' and '{0}.qcow2' "
                              "are not both there; `toro debug --record` makes them",
                              options.replay),
                  kUsageError);
}

}  // namespace toro::cli
