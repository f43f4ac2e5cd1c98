// QEMU's record and replay: a run that can be had again, and gone through backwards.
#pragma once

#include "sdk/cli/commands/commands.hpp"
#include "sdk/cli/guest/qemu_command.hpp"

namespace toro::cli {

/// What `--record` and `--replay` make of a boot. Throws Failure where QEMU could not record it, or what is to be
/// replayed is not there.
void prepare_recording(Context& context, const DebugOptions& options, Boot& boot);

}  // namespace toro::cli
