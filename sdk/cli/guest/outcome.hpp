// How a run ended: QEMU's status and the byte that the guest left become the tool's exit status.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace toro::cli {

inline constexpr int kPanicStatus = 134;  ///< the byte a panic leaves; the same as a process that aborted

struct Outcome {
  int status;
  /// What went wrong, in one sentence; empty when the guest ended by itself.
  std::string failure;
};

/// `left`: what the guest wrote to port 0xe9. `qemu_status`: QEMU's exit status, or 128 + signal.
Outcome outcome_of(std::string_view left, int qemu_status, std::string_view qemu_errors);

}  // namespace toro::cli
