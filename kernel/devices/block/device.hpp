// A block device as the kernel sees it: its driver's requests, and the core that it belongs to.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/devices/block/request_queue.hpp"

namespace toro::block {

/// Made and added by its driver, at boot, on the core that the device interrupts; lives for ever.
class Device final : public BlockDevice {
 public:
  Device(Driver& driver, const Properties& properties);

  [[nodiscard]] RequestQueue& requests() { return queue_; }

  // For the driver, on the device's core with interrupts off (its interrupt handler), and not from within start().

  /// A command of `request` has ended; why it failed, or nothing. After the last one of an interrupt: proceed().
  void complete(BlockRequest& request, std::optional<Reason> why = std::nullopt) { queue_.complete(request, why); }
  /// Starts what waits for room in the device.
  void proceed() { queue_.proceed(); }
  /// The device has broken its promises: it is stopped, and everything that is asked of it fails.
  void break_down() { queue_.break_down(); }
  /// The device has become larger or smaller.
  void resize(std::uint64_t sectors) { queue_.resize(sectors); }

  /// Gives a request that has ended to who waits for it, on the core that submitted it, with interrupts off.
  static void deliver(BlockRequest& request);

 private:
  friend class toro::BlockDevice;
  friend void add(Device& device, std::string_view driver_name);

  void submit_chain(BlockRequest& first);
  [[nodiscard]] BlockResult execute(BlockRequest& request);
  static void finish(RequestQueue& queue, BlockRequest& request);

  RequestQueue queue_;
  FixedString<31> name_;
  std::uint32_t core_;
};

/// Makes `device` one of toro::block_devices(), named by its driver and a number. At boot, in the stage "devices".
void add(Device& device, std::string_view driver_name);

}  // namespace toro::block

/// In a file of its own in the board's folder, with TORO_USE_DRIVER or TORO_USE_PCI_DRIVER for each of the board's
/// block drivers: they are linked into images that ask for toro::block_devices(), and into no others.
#define TORO_BLOCK_DRIVERS_OF_BOARD()             \
  extern "C" const char toro_board_block_drivers; \
  extern "C" constinit const char toro_board_block_drivers = 0
