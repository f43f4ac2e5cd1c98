// Whether this machine can run a guest by KVM.
#pragma once

#include <string>

#include "sdk/cli/guest/qemu_command.hpp"

namespace toro::cli {

struct KvmState {
  bool usable;
  std::string reason;  ///< in words, whichever way it is
};

KvmState kvm_state();

/// `wish` is auto, kvm or tcg. Throws Failure when KVM is asked for and cannot be had.
Accelerator choose_accelerator(const std::string& wish);

}  // namespace toro::cli
