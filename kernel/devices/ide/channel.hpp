// One channel of an IDE controller: up to two drives, of which one is at work. [ATA/ATAPI-6 §9]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "kernel/devices/block/driver.hpp"
#include "kernel/devices/ide/identity.hpp"
#include "kernel/devices/ide/registers.hpp"

namespace toro::ide {

inline constexpr unsigned kDrivesOfChannel = 2;

/// Regions of one transfer: each segment is at most 64 KiB, and so in at most two of the blocks that a region lies in.
using Regions = std::array<PhysicalRegion, 2 * block::kMostSegments>;
inline constexpr std::uint32_t kLongestSegment = 0x10000;

/// Fills `regions` with the bytes of `data`, which are even in number and place; how many were needed, or 0 where some
/// lies beyond 4 GiB or is longer than kLongestSegment.
[[nodiscard]] std::size_t describe_regions(std::span<const std::span<std::byte>> data, Regions& regions);

/// What a drive is to do: `count` sectors, which `data` holds; a flush has none.
struct Task {
  std::uint8_t drive = 0;  ///< 0 or 1
  bool has_48_bit_addresses = false;
  bool may_use_dma = false;
  block::Operation operation{};  ///< read, write or flush
  std::uint64_t sector = 0;
  std::uint32_t count = 0;
  std::span<const std::span<std::byte>> data{};
};

/// Pure: knows the registers only. One caller at a time, with the channel's interrupt off or from it; no function waits
/// for a drive longer than some status readings, but identify().
class Channel {
 public:
  /// `regions` is where the bus master reads them: 4-byte aligned, in one 64 KiB block below 4 GiB.
  Channel(Ports& ports, Regions& regions) : ports_(ports), regions_(regions) {}

  /// Asks a drive what it is, and waits for the answer; the channel does not interrupt before start(). At boot.
  [[nodiscard]] std::expected<Identity, DriveError> identify(std::uint8_t drive);
  /// Lets the channel interrupt.
  void start();

  [[nodiscard]] bool is_busy() const { return state_ != State::idle; }
  [[nodiscard]] std::uint8_t drive() const { return drive_; }

  /// Starts a task, when none is at work: false when the drive does not take it, which it must.
  [[nodiscard]] bool begin(const Task& task);

  enum class Progress : std::uint8_t {
    not_asked,  ///< nothing was at work, or it is still
    goes_on,
    done,
    failed,  ///< the drive reports an error
    broken,  ///< the drive did what it must not
  };
  /// The channel has interrupted.
  [[nodiscard]] Progress on_interrupt();

  /// Ends what is at work, and makes the drives forget it.
  void abort();

 private:
  enum class State : std::uint8_t { idle, reading, writing, by_bus_master, without_data };

  [[nodiscard]] bool await(std::uint8_t set, std::uint8_t clear, int tries);
  [[nodiscard]] bool select(std::uint8_t device);
  void set_address(const Task& task);
  void start_bus_master(bool to_memory);
  [[nodiscard]] Progress end(Progress progress);
  void set_block(std::uint8_t drive, std::uint8_t sectors);
  void read_block();
  void write_block();
  [[nodiscard]] std::uint32_t sectors_of_next_block() const;
  [[nodiscard]] Progress move_block(std::uint8_t status);
  [[nodiscard]] Progress end_of_bus_master();
  [[nodiscard]] Sector next_sector();

  Ports& ports_;
  Regions& regions_;
  State state_ = State::idle;
  std::uint8_t drive_ = 0;
  /// Of each drive: how many sectors the processor moves at one interrupt.
  std::array<std::uint8_t, kDrivesOfChannel> block_sectors_{1, 1};
  // What is left of a transfer by the processor.
  std::array<std::span<std::byte>, block::kMostSegments> data_{};
  std::size_t segment_ = 0;
  std::size_t offset_ = 0;
  std::uint32_t sectors_left_ = 0;
};

}  // namespace toro::ide
