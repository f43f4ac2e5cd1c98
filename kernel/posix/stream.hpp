// What a descriptor can stand for beside a file of a filesystem: sockets, epoll, eventfd, timerfd, devices.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/filesystem/result.hpp"
#include "kernel/network/watch.hpp"

namespace toro::posix {

/// [readv(2)]
struct IoVector {
  std::byte* base;
  std::size_t size;
};

/// What poll() tells. [poll(2)]
using Events = std::uint16_t;
inline constexpr Events kIn = 1;
inline constexpr Events kOut = 4;
inline constexpr Events kError = 8;
inline constexpr Events kHangUp = 16;
inline constexpr Events kInvalid = 32;
inline constexpr Events kReadHangUp = 0x2000;

/// What a request to a device that it is not is answered by. [ioctl(2)]
inline constexpr auto kNotATerminal = static_cast<filesystem::Error>(25);

enum class StreamKind : std::uint8_t { socket, epoll, event, timer, console, device };

struct Interest;

/// Functions are for threads of any core, and may wait.
class Stream {
 public:
  constexpr explicit Stream(StreamKind kind) : kind_(kind) {}
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] virtual filesystem::Result<std::int64_t> read(std::span<const IoVector> to) = 0;
  [[nodiscard]] virtual filesystem::Result<std::int64_t> write(std::span<const IoVector> from) = 0;
  [[nodiscard]] virtual filesystem::Result<std::int64_t> control(std::uint32_t request, void* argument) = 0;
  /// What is the case now. `watch` is raised by a change from now on; null: by none.
  [[nodiscard]] virtual Events poll(inet::Watch* watch) = 0;
  virtual void unwatch(inet::Watch& watch) = 0;
  /// Nobody has it any more: frees it.
  virtual void close() = 0;

  [[nodiscard]] StreamKind kind() const { return kind_; }

  std::atomic<std::uint32_t> references = 1;
  std::atomic<bool> is_non_blocking = false;
  std::atomic<Interest*> interests = nullptr;  ///< of epolls, which hold no reference; changed by epoll.cpp

 protected:
  ~Stream() = default;

 private:
  StreamKind kind_;
};

/// Has epolls forget a stream that is to be closed. Not there in images without epoll.
[[gnu::weak]] void end_interests(Stream& stream);

inline void let_go(Stream& stream) {
  if (stream.references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (stream.interests.load(std::memory_order_acquire) != nullptr) end_interests(stream);
  stream.close();
}

}  // namespace toro::posix
