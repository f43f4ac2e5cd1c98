// A network device of the machine, or one of its queues: its driver, its buffers, and the threads that wait for it.
// What the network stack, and the public NetworkDevice, run from.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "kernel/devices/network/driver.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::inet {
struct SocketTable;  // of kernel/tables
}

namespace toro::network {

/// How a device comes to interrupt a core, as its bus has it.
struct Connection {
  /// Has the device interrupt the calling core, and call Device::on_interrupt() of `device`; why that cannot be, or
  /// nothing. Once, from a thread, with interrupts off.
  std::string_view (*connect)(void* argument, Device& device) = nullptr;
  void* argument = nullptr;
};

/// Its functions are for threads of its core, but where they say otherwise. A stack that runs there calls
///     claim(wanted)                               once: what comes is the stack's alone from then on
///     receive(0), wait_for_frame(deadline)        frames where the device put them, given back by their end
///     send(frame), flush()                        parts where the stack has them, until the completion is told
/// and computes and segments what claim() did not agree on.
class Device {
 public:
  Device(unsigned number, Driver& driver, const Connection& connection);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  // Any thread.
  [[nodiscard]] std::string_view name() const { return name_.view(); }
  [[nodiscard]] Driver::Identity identity() const { return driver_.identity(); }
  [[nodiscard]] Offloads offers() const { return driver_.offers(); }
  [[nodiscard]] std::uint32_t core() const { return core_.load(std::memory_order_relaxed); }

  /// Threads of the core that the device belongs to, which it does no more then. NetworkError::in_use,
  /// NetworkError::no_such_core.
  [[nodiscard]] std::expected<void, NetworkError> dedicate_to(std::uint32_t core);

  /// Has the device work, if it does not yet; what every other function does first. NetworkError::out_of_memory,
  /// NetworkError::device_failed.
  [[nodiscard]] std::expected<void, NetworkError> start() { return start({}); }
  /// The same for one caller alone, with offloads; what was agreed. NetworkError::in_use where it works already.
  [[nodiscard]] std::expected<Offloads, NetworkError> claim(Offloads wanted);
  [[nodiscard]] bool is_claimed() const { return claimed_; }

  /// The same device's next queue, which belongs to a core of its own; null: there is none.
  [[nodiscard]] Device* next_queue() const { return next_queue_; }
  /// Once this and all next queues are claimed: from now on the device spreads what it receives over them. Of the first
  /// queue. NetworkError::device_failed, NetworkError::timed_out.
  [[nodiscard]] std::expected<void, NetworkError> use_queues();

  /// The next frame; waits for it until `deadline`, nanoseconds since boot, 0: not at all.
  /// NetworkError::timed_out, NetworkError::interrupted.
  [[nodiscard]] std::expected<Frame, NetworkError> receive(std::uint64_t deadline);
  /// Waits once, for who has found no frame and has more to look at than frames. Success says that there may be one:
  /// the device also wakes in vain, and who interrupts a thread that was woken so, and has not gone on yet, is not
  /// heard. NetworkError::timed_out, NetworkError::interrupted.
  [[nodiscard]] std::expected<void, NetworkError> wait_for_frame(std::uint64_t deadline);

  /// Adds a frame, and waits while there is no room. The device sees it at once where there was none, else with
  /// flush(). The completion is told only where this succeeds. NetworkError::frame_too_long where it has too many
  /// parts, or asks for what was not agreed.
  [[nodiscard]] std::expected<void, NetworkError> send(const Transmit& frame);
  /// The same with a copy: nothing of `frame` is used any more when this returns, and no completion of it is told.
  [[nodiscard]] std::expected<void, NetworkError> send_copy(const Transmit& frame);
  /// Shows the device what was sent, and tells completions.
  void flush();

  /// Waits until the device has sent all that send_copy() gave it. NetworkError::timed_out, NetworkError::interrupted.
  [[nodiscard]] std::expected<void, NetworkError> drain(std::uint64_t deadline);

  [[nodiscard]] std::expected<LinkState, NetworkError> link();
  [[nodiscard]] std::expected<void, NetworkError> wait_for_link(LinkState wanted, std::uint64_t deadline);

  /// With what the device counts by itself. Who takes frames counts what no driver sees.
  [[nodiscard]] NetworkCounters& counters();

  /// For its bus: from the interrupt. Whether that was the device's.
  bool on_interrupt();

 private:
  friend struct inet::SocketTable;
  friend bool add_queue(Driver& driver, const Connection& connection);

  struct Copy;

  [[nodiscard]] std::expected<void, NetworkError> start(Offloads wanted);
  [[nodiscard]] std::expected<void, NetworkError> allocate_buffers();
  [[nodiscard]] Events listen(Events events);
  void link_changed();
  [[nodiscard]] std::expected<void, NetworkError> check();
  [[nodiscard]] std::expected<void, NetworkError> wait(process::WaitQueue& queue, const char* what,
                                                       std::uint64_t deadline);
  [[nodiscard]] std::expected<void, NetworkError> wait_for_room();
  [[nodiscard]] std::expected<void, NetworkError> send_large_copy(const Transmit& frame);
  [[nodiscard]] std::expected<void, NetworkError> check_length(const Transmit& frame) const;

  FixedString<8> name_;
  Driver& driver_;
  Connection connection_;
  Device* next_queue_ = nullptr;
  std::atomic<std::uint32_t> core_ = 0;
  enum class State : std::uint8_t { idle, working, failed } state_ = State::idle;
  bool claimed_ = false;
  Offloads offloads_;
  NetworkCounters counters_;
  std::string_view unreachable_;  ///< why its core gets no interrupt of it
  BufferPool receive_pool_;
  Copy* free_copies_ = nullptr;
  std::size_t copies_in_use_ = 0;
  process::WaitQueue readers_;
  process::WaitQueue writers_;
  process::WaitQueue link_watchers_;
};

/// At boot, by the drivers: adds a device, which lives for ever as its driver does. False where memory is out or there
/// are too many.
[[nodiscard]] bool add_device(Driver& driver, const Connection& connection);
/// The same for a further queue of the device that was added last. False where memory is out.
[[nodiscard]] bool add_queue(Driver& driver, const Connection& connection);

/// The machine's devices. Any thread.
[[nodiscard]] std::span<Device* const> devices();

}  // namespace toro::network

/// In a file of its own in the board's folder, with TORO_USE_DRIVER or TORO_USE_PCI_DRIVER for each of the board's
/// network drivers: they are linked into images that ask for toro::network_devices(), and into no others.
#define TORO_NETWORK_DRIVERS_OF_BOARD()             \
  extern "C" const char toro_board_network_drivers; \
  extern "C" constinit const char toro_board_network_drivers = 0
