// The line to the debugger: polled, reliable, in order, with memory of its own.
#pragma once

#include <cstddef>
#include <span>

namespace toro::gdbstub {

class Transport {
 public:
  /// Takes what has arrived, at most `into.size()` bytes, without waiting; 0 where nothing has. Also notices that the
  /// line was opened or closed, so callers that wait call it again and again.
  [[nodiscard]] virtual std::size_t receive(std::span<char> into) = 0;
  /// Hands over all of `bytes`, waiting for room; gives up, and drops the rest, only where the line is closed.
  virtual void send(std::span<const char> bytes) = 0;
  /// Waits until the other side has all that was sent: before the machine's end. Gives up where the line is closed, or
  /// nobody takes it for a second.
  virtual void flush() {}
  /// Before each sleep: what arrives from now on, and an end of the connection, comes as an NMI to the calling core;
  /// false where that cannot be. What is there already does not come: receive() once more before you sleep.
  [[nodiscard]] virtual bool begin_sleep() { return false; }
  /// After the last sleep: it comes as an interrupt again.
  virtual void end_sleep() {}
  /// Whether someone held the other end at the last receive() or send().
  [[nodiscard]] virtual bool connected() const = 0;
  /// Whether someone held the other end at any time since boot.
  [[nodiscard]] virtual bool was_used() const = 0;

 protected:
  constexpr Transport() = default;
  ~Transport() = default;
};

}  // namespace toro::gdbstub
