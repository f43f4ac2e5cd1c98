// What a driver of block devices implements, and what it tells of its device.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/include/toro/block.hpp"
#include "kernel/lib/format.hpp"

namespace toro::block {

using Operation = BlockOperation;
using Reason = BlockError::Reason;

/// Segments that one command can have, whatever the device takes.
inline constexpr std::uint32_t kMostSegments = 32;

/// What a device is and takes.
struct Properties {
  std::uint32_t sector_size = 512;  ///< bytes, a power of two from 512 to 65,536
  std::uint64_t sectors = 0;
  bool read_only = false;
  bool has_write_cache = false;  ///< flush is a command; without, it does nothing
  // What one command can do at most.
  std::uint32_t segments = 1;                 ///< of a read or write, at least 1
  std::uint32_t segment_bytes = 1U << 30;     ///< at least a sector
  std::uint32_t transfer_sectors = 1U << 16;  ///< of a read or write, at least 1
  std::uint32_t discard_sectors = 0;          ///< 0: the device has no such operation
  std::uint32_t write_zeroes_sectors = 0;     ///< 0: the device has no such operation
  std::uint32_t alignment = 1;                ///< of each segment's address, bytes, a power of two
  FixedString<63> identity{};                 ///< printable
};

/// Something that the device can do at once: within its limits and its range.
struct Command {
  Operation operation{};
  std::uint64_t sector = 0;
  std::uint32_t count = 0;  ///< sectors; 0 for a flush
  /// What it points to stays until the command has ended, the spans themselves only until start() returns.
  std::span<const std::span<std::byte>> data{};
  BlockRequest* request = nullptr;  ///< for Device::complete()
};

/// Called on the device's core with interrupts off; nothing may wait or allocate.
class Driver {
 public:
  enum class Start : std::uint8_t {
    started,
    full,    ///< nothing was started: it is tried again when a command has ended
    broken,  ///< nothing was started, and nothing can be any more: stop() comes next
  };

  /// Gives the command to the device, which need not look at it before notify().
  [[nodiscard]] virtual Start start(const Command& command) = 0;
  /// Makes the device look at what was started since the last call, if it does not by itself.
  virtual void notify() = 0;
  /// The device is not to be used any more: makes it leave memory alone, and then completes each command in flight with
  /// Reason::device_broken. Once.
  virtual void stop() = 0;

 protected:
  ~Driver() = default;
};

}  // namespace toro::block
