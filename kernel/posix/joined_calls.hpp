// How system calls that only some images have join those on files.
#pragma once

#include "kernel/posix/file_calls.hpp"
#include "kernel/posix/syscall_table.hpp"

namespace toro::posix {

// The handler of a system call of a kind, null where `number` is none of them. Each only in images that use the kind.
[[gnu::weak]] Handler find_socket_call(std::uint64_t number);
[[gnu::weak]] Handler find_poll_call(std::uint64_t number);
[[gnu::weak]] Handler find_event_call(std::uint64_t number);

/// A system call as its caller gets it.
template <FileCall call>
Result handle(SyscallFrame& frame) {
  const FloatingPointState state;  // any of them may wait
  const FileResult result = call(frame);
  return result ? *result : -Result{std::to_underlying(result.error())};
}

}  // namespace toro::posix
