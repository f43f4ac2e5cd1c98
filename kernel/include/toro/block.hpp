// Disks: read, write, flush, discard, by threads that wait for each or keep many requests in flight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

namespace toro {

namespace block {
class Device;
}

enum class BlockOperation : std::uint8_t {
  read,
  write,
  flush,         ///< what was written before, and has ended, is on the medium afterwards
  discard,       ///< the contents are not needed any more; what a read finds afterwards is not defined
  write_zeroes,  ///< as a write of zeros, without data
};

/// What was asked of a device, and why it was not done.
struct BlockError {
  enum class Reason : std::uint8_t {
    io_error,       ///< the device says that it failed; of a write, a part may have been done
    out_of_range,   ///< sectors that the device does not have
    read_only,      ///< the device takes no writes
    unsupported,    ///< the device has no such operation
    misaligned,     ///< a segment is no whole number of sectors, or lies where the device cannot reach it
    device_broken,  ///< the device broke its promises, now or earlier, and is not used any more
  };

  BlockOperation operation{};
  Reason reason{};
  std::uint64_t sector = 0;
  std::uint64_t count = 0;  ///< sectors

  friend bool operator==(const BlockError&, const BlockError&) = default;
};

/// For people: "write", "write zeroes"; "the device reports an error". Any context.
[[nodiscard]] std::string_view describe(BlockOperation operation);
[[nodiscard]] std::string_view describe(BlockError::Reason reason);

using BlockResult = std::expected<void, BlockError>;

class BlockCompletions;
struct BlockRequest;

namespace detail {

/// Where a request is and how far.
struct BlockFlight {
  BlockRequest* next = nullptr;    ///< in whichever queue it is
  std::uint64_t issued = 0;        ///< sectors that commands have been started for
  std::size_t segment_offset = 0;  ///< bytes issued of data[segment]
  std::uint32_t segment = 0;
  std::uint32_t commands = 0;  ///< that the device works on
  std::uint32_t core = 0;      ///< that submitted
  bool all_issued = false;
};

}  // namespace detail

/// One request. The caller's, who leaves it and its data alone from submit() until it has ended.
struct BlockRequest {
  BlockOperation operation = BlockOperation::read;
  std::uint64_t sector = 0;
  std::uint64_t count = 0;  ///< sectors to discard or zero; read and write have what their data holds
  /// Where a read goes and a write comes from, in order: each segment a whole number of sectors. More segments and
  /// bytes than the device takes at once become several commands to it.
  std::span<const std::span<std::byte>> data{};
  /// Takes the request when it has ended; where it is null, `done` is called.
  BlockCompletions* completions = nullptr;
  /// For the kernel's own code, which is built without SSE, stack protector and thread-local variables; applications
  /// take `completions`. Called on the core that submitted, with interrupts off, from the device's interrupt or perhaps
  /// before submit() returns: it must not block. It may submit again, when the device is this core's.
  void (*done)(BlockRequest& request) = nullptr;
  /// How it went; valid when it has ended.
  BlockResult result{};

  /// The kernel's, while the request is in flight.
  detail::BlockFlight flight{};
};

/// A disk. Each is dedicated to one core, which it interrupts; calls of threads on other cores are carried there and
/// back. Lives for ever.
class BlockDevice {
 public:
  BlockDevice(const BlockDevice&) = delete;
  BlockDevice& operator=(const BlockDevice&) = delete;

  /// The driver and which of its devices: "virtio-blk 0". Any context, as all that only tell something.
  [[nodiscard]] std::string_view name() const;
  /// What the device calls itself (a serial number), printable; empty where it says nothing.
  [[nodiscard]] std::string_view identity() const;
  /// Bytes, a power of two from 512 to 65,536.
  [[nodiscard]] std::uint32_t sector_size() const;
  /// May change while the machine runs.
  [[nodiscard]] std::uint64_t sectors() const;
  [[nodiscard]] bool is_read_only() const;
  /// Flush is always there: it does nothing where writes reach the medium at once.
  [[nodiscard]] bool supports(BlockOperation operation) const;
  /// The core that the device is dedicated to.
  [[nodiscard]] std::uint32_t core() const;

  // The calling thread waits; others of its core run meanwhile. Threads only. `data` is a whole number of sectors; a
  // count of 0 sectors does nothing.
  [[nodiscard]] BlockResult read(std::uint64_t sector, std::span<std::byte> data);
  [[nodiscard]] BlockResult write(std::uint64_t sector, std::span<const std::byte> data);
  [[nodiscard]] BlockResult flush();
  [[nodiscard]] BlockResult discard(std::uint64_t sector, std::uint64_t count);
  [[nodiscard]] BlockResult write_zeroes(std::uint64_t sector, std::uint64_t count);

  /// Starts `request` and returns at once: also what is wrong with it is told when it ends. Requests in flight may be
  /// done in any order, and one that overlaps another finds any mixture. Any number can be in flight. Threads.
  void submit(BlockRequest& request);
  /// The same for many, of which the device is told at once.
  void submit(std::span<BlockRequest* const> requests);

 protected:
  BlockDevice() = default;
  ~BlockDevice() = default;
};

/// Takes requests that have ended, for threads of the core that submitted them.
class BlockCompletions {
 public:
  BlockCompletions() = default;
  BlockCompletions(const BlockCompletions&) = delete;
  BlockCompletions& operator=(const BlockCompletions&) = delete;

  /// The next request that has ended, in the order of their ends; waits for it, and cannot be interrupted. One that
  /// names this object must be in flight.
  [[nodiscard]] BlockRequest& wait();
  /// The same, but null when none has ended.
  [[nodiscard]] BlockRequest* take();

 private:
  friend class block::Device;
  void arrive(BlockRequest& request);

  BlockRequest* first_ = nullptr;
  BlockRequest* last_ = nullptr;
  void* waiters_[2] = {};  // process::WaitQueue
};

/// All block devices of the machine that the board has drivers for, in the order in which they were found. Any context.
/// Only images in which something calls this have block drivers.
[[nodiscard]] std::span<BlockDevice* const> block_devices();

}  // namespace toro
