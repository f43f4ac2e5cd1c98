// What a descriptor can stand for that has no place among the names of files: a socket.
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

/// Functions are for threads of any core, and may wait.
class Stream {
 public:
  Stream() = default;
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

  std::atomic<std::uint32_t> references = 1;
  std::atomic<bool> is_non_blocking = false;

 protected:
  ~Stream() = default;
};

inline void let_go(Stream& stream) {
  if (stream.references.fetch_sub(1, std::memory_order_acq_rel) == 1) stream.close();
}

}  // namespace toro::posix
