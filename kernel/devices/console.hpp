// The console: where the kernel's and the application's text goes, and where input comes from.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "kernel/lib/format.hpp"

namespace toro::console {

/// A device that can be the console. All calls come from threads, or with interrupts off.
class Device {
 public:
  /// Sends all of `text`, or waits until it can.
  virtual void write(std::span<const char> text) = 0;
  /// Returns when everything sent has left, or the device does not take it.
  virtual void flush() = 0;
  /// Takes what has arrived, without waiting; 0 when there is nothing.
  virtual std::size_t read(std::span<char> text) = 0;

 protected:
  ~Device() = default;
};

/// Makes `device` the console from now on; until then it is the 16550 UART.
void use(Device& device);

/// Has `show` called with all that is written from now on, a panic's text too: in any context, on the console's core.
void mirror_to(void (*show)(std::span<const char> text));

void write(std::span<const char> text);
/// Waits until what was written has left; on another core than the console's it does nothing. Any context.
void flush();
/// The same for a thread of another core: waits a second for the console's core to do so.
void flush_elsewhere();

/// Waits until input has arrived, at least one byte, and takes it. Threads of any core.
[[nodiscard]] std::size_t wait_and_read(std::span<char> text);
/// Told by the device, from its interrupt too, when input has arrived.
void input_arrived();

/// Whether there is something to read. Threads of any core.
[[nodiscard]] bool is_input_there();
/// Starts a thread of the console's core that calls `run`, to wait for arrivals. Threads of any core.
void start_listener(void (*run)());
/// Waits until input has arrived since `seen` was told, 0 at first. For a thread of start_listener().
void wait_for_arrival(std::uint32_t& seen);

/// The kernel's messages, for print().
[[nodiscard]] Sink sink();

/// For a panic: what was written before is flushed, then text goes to the UART, polled. Any context.
[[nodiscard]] Sink emergency_sink();

/// The UART alone, polled, whatever state the console is in. Any context.
[[nodiscard]] Sink uart_sink();

}  // namespace toro::console
