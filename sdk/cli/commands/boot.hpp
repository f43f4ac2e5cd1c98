// From the options of `run` and `debug` to a guest that can be started: the launcher both share.
#pragma once

#include "sdk/cli/catalog/build.hpp"
#include "sdk/cli/commands/commands.hpp"
#include "sdk/cli/guest/guest.hpp"

namespace toro::cli {

struct Prepared {
  Target target;
  Application application;
  Boot boot;
};

/// Checks the options, builds the target (unless only the command is to be printed), and puts the boot together.
Prepared prepare_boot(Context& context, const BootOptions& options, Stub stub, Wait wait);

/// Tells on which port a debugger can connect, and how.
void tell_listening(const Reporter& reporter, const Prepared& prepared, const Guest& guest);

/// Tells how the guest ended; returns the status to exit with.
int tell_outcome(const Reporter& reporter, const Guest& guest);

}  // namespace toro::cli
