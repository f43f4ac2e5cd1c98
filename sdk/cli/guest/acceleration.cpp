// KVM only where the processor has vmx or svm: some hosts open /dev/kvm and then emulate every instruction.
#include "sdk/cli/guest/acceleration.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <format>
#include <fstream>
#include <sstream>

#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/host/file_descriptor.hpp"

namespace toro::cli {
namespace {

bool has_virtualization() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (!line.starts_with("flags")) continue;
    std::istringstream flags(line);
    for (std::string flag; flags >> flag;)
      if (flag == "vmx" || flag == "svm") return true;
    return false;
  }
  return false;
}

}  // namespace

KvmState kvm_state() {
  if (!has_virtualization()) return {false, "the processor shows neither vmx nor svm; TCG is used"};
  FileDescriptor kvm(open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (!kvm) {
    auto advice = errno == EACCES ? "; join the group kvm: sudo usermod -aG kvm $USER" : "";
    return {false, std::format("/dev/kvm cannot be opened: {}{}; TCG is used", std::strerror(errno), advice)};
  }
  return {true, "the processor has it and /dev/kvm opens"};
}

Accelerator choose_accelerator(const std::string& wish) {
  if (wish == "tcg") return Accelerator::tcg;
  auto state = kvm_state();
  if (state.usable) return Accelerator::kvm;
  if (wish == "kvm")
    throw Failure(std::format("KVM was asked for and cannot be used: {}", state.reason), kNoGuestStatus);
  return Accelerator::tcg;
}

}  // namespace toro::cli
