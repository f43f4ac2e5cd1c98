// How calls on sockets wait, and go through what a caller gave in parts.
#pragma once

#include "kernel/network/error.hpp"
#include "kernel/network/watch.hpp"
#include "kernel/network/wire.hpp"
#include "kernel/posix/any_socket.hpp"
#include "kernel/posix/syscall.hpp"
#include "kernel/posix/time.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::posix {

/// What `attempt(at)` gives, which `run(f)` calls as `f(at)` where the socket belongs; as long as that is Error::again,
/// and the caller `waits`, it is tried anew whenever `watches` are raised. `timeout` is in nanoseconds, 0: none.
template <class Run, class F>
FileResult try_until_done(Run run, inet::WatchList& watches, bool waits, std::uint64_t timeout, F attempt,
                          WhenKilled when_killed = WhenKilled::goes_on) {
  constexpr auto kInterrupted = static_cast<filesystem::Error>(4);
  const std::uint64_t deadline = timeout == 0 ? process::kNoDeadline : deadline_after(timeout);
  for (;;) {
    std::atomic<std::uint32_t> raised = 0;
    inet::Watch watch{.links = {}, .raised = &raised};
    const FileResult result = run([&](auto& at) {
      FileResult tried = attempt(at);
      if (waits && tried == socket_failure(inet::Error::again)) watches.add(watch);
      return tried;
    });
    if (!waits || result != socket_failure(inet::Error::again)) return result;
    const auto* const word = reinterpret_cast<const std::uint32_t*>(&raised);
    const Result waited = wait_futex(word, 0, "a socket", deadline, when_killed);
    run([&](auto&) {
      watches.remove(watch);
      return 0;
    });
    if (waited == posix::failure(Error::interrupted)) return std::unexpected(kInterrupted);
    if (waited == posix::failure(Error::timed_out)) return result;
  }
}

/// Sends all, by `send(bytes)`, which gives how many went, or why none did.
template <class F>
FileResult send_parts(std::span<const IoVector> from, F send) {
  std::size_t sent = 0;
  for (const IoVector& vector : from) {
    inet::Bytes left{vector.base, vector.size};
    while (!left.empty()) {
      const FileResult count = send(left);
      if (!count && sent == 0) return count;
      if (!count) return static_cast<std::int64_t>(sent);
      sent += static_cast<std::size_t>(*count);
      left = left.subspan(static_cast<std::size_t>(*count));
    }
  }
  return static_cast<std::int64_t>(sent);
}

/// Receives by `receive(room, waits)`, which gives how many bytes came, 0 at the end, or why none did. Waits for the
/// first, or for all, as `flags` say.
template <class F>
FileResult receive_parts(std::span<const IoVector> to, std::uint32_t flags, F receive) {
  std::size_t received = 0;
  for (const IoVector& vector : to) {
    inet::MutableBytes left{vector.base, vector.size};
    while (!left.empty()) {
      const FileResult count = receive(left, received == 0 || (flags & kWaitForAll) != 0);
      if (!count && received == 0) return count;
      if (!count || *count == 0) return static_cast<std::int64_t>(received);
      received += static_cast<std::size_t>(*count);
      left = left.subspan(static_cast<std::size_t>(*count));
      if ((flags & kPeek) != 0) return static_cast<std::int64_t>(received);
    }
  }
  return static_cast<std::int64_t>(received);
}

}  // namespace toro::posix
