// The requests of one device: checked, made into commands that the device takes, in order of arrival.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/devices/block/driver.hpp"

namespace toro::block {

/// One caller at a time. Pure: of the machine it knows the driver only.
class RequestQueue {
 public:
  /// `finish` is called once for each request that has ended; it may add another one.
  using Finish = void (*)(RequestQueue& queue, BlockRequest& request);

  RequestQueue(Driver& driver, const Properties& properties, Finish finish)
      : driver_(driver), properties_(properties), sectors_(properties.sectors), finish_(finish) {}

  /// Adds a request and those linked behind it, and starts what the device takes.
  void add(BlockRequest& first);

  /// A command of `request` has ended; why it failed, or nothing.
  void complete(BlockRequest& request, std::optional<Reason> why);
  /// Starts what waits for room in the device.
  void proceed();
  /// Stops the driver; what waits, and all that comes, fails.
  void break_down();

  void resize(std::uint64_t sectors) { sectors_.store(sectors, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t sectors() const { return sectors_.load(std::memory_order_relaxed); }
  [[nodiscard]] const Properties& properties() const { return properties_; }
  /// The most sectors of one command; 0 where the device has no such operation.
  [[nodiscard]] std::uint32_t limit(Operation operation) const;

 private:
  [[nodiscard]] std::optional<Reason> refusal(BlockRequest& request) const;
  void enqueue(BlockRequest& request);
  void dequeue();
  [[nodiscard]] Command next_command(BlockRequest& request);
  void issue(BlockRequest& request, const Command& command) const;
  void end(BlockRequest& request, std::optional<Reason> why);

  Driver& driver_;
  Properties properties_;
  std::atomic<std::uint64_t> sectors_;  // read by all cores
  Finish finish_;
  bool broken_ = false;
  /// Not all of their commands have been started; only of the first, some have.
  BlockRequest* first_ = nullptr;
  BlockRequest* last_ = nullptr;
  std::array<std::span<std::byte>, kMostSegments> segments_;  // of the command being made
};

}  // namespace toro::block
