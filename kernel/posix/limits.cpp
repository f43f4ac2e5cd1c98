// Limits on what the one process takes. [prlimit(2)]
#include "kernel/posix/file_calls.hpp"

namespace toro::posix {

/// Only that of descriptors is kept; there are no others, and none can be set.
FileResult call_prlimit(SyscallFrame& frame) {
  constexpr std::int32_t kDescriptors = 7;  // RLIMIT_NOFILE
  constexpr std::int32_t kResources = 16;   // RLIM_NLIMITS
  constexpr std::int32_t kProcess = 1;      // as getpid() tells it
  constexpr std::uint64_t kInfinite = ~std::uint64_t{0};
  const auto process = frame.value<std::int32_t>(0);
  const auto resource = frame.value<std::int32_t>(1);
  const auto* const wanted = frame.pointer<const DescriptorLimit>(2);
  auto* const old = frame.pointer<DescriptorLimit>(3);
  if (process != 0 && process != kProcess)
    return filesystem::failure(static_cast<filesystem::Error>(Error::no_process));
  if (resource < 0 || resource >= kResources) return filesystem::failure(filesystem::Error::invalid);
  const DescriptorLimit current = resource == kDescriptors ? descriptor_limit() : DescriptorLimit{kInfinite, kInfinite};
  if (wanted != nullptr) {
    if (resource != kDescriptors) return filesystem::failure(filesystem::Error::not_permitted);
    TRY(set_descriptor_limit(*wanted));
  }
  if (old != nullptr) *old = current;
  return 0;
}

}  // namespace toro::posix
