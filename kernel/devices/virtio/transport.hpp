// What every virtio transport (mmio, PCI modern, PCI legacy, a fake on the host) offers to a driver. [virtio 1.2 §2]
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <type_traits>

#include "kernel/devices/virtio/error.hpp"

namespace toro::virtio {

/// [virtio 1.2 §5]
enum class DeviceType : std::uint32_t {
  none = 0,
  network = 1,
  block = 2,
  console = 3,
  entropy = 4,
  socket = 19,
  file_system = 26,
};

/// [virtio 1.2 §2.1]
enum class StatusBit : std::uint8_t {
  acknowledge = 1,
  driver = 2,
  driver_ok = 4,
  features_ok = 8,
  device_needs_reset = 64,
  failed = 128,
};

struct DeviceStatus {
  std::uint8_t bits = 0;

  [[nodiscard]] constexpr bool has(StatusBit bit) const { return (bits & static_cast<std::uint8_t>(bit)) != 0; }
  [[nodiscard]] constexpr DeviceStatus with(StatusBit bit) const {
    return {static_cast<std::uint8_t>(bits | static_cast<std::uint8_t>(bit))};
  }
};

/// Bit numbers of the features that belong to no device type. [virtio 1.2 §6]
enum class Feature : std::uint8_t {
  any_layout = 27,  // of legacy devices: headers need no descriptor of their own
  indirect_descriptors = 28,
  event_index = 29,
  version1 = 32,
  access_platform = 33,
};

/// A set of feature bits; drivers add an enumeration of their own for bits 0 to 23.
struct Features {
  std::uint64_t bits = 0;

  template <typename Bit>
    requires std::is_enum_v<Bit>
  [[nodiscard]] constexpr bool has(Bit bit) const {
    return (bits >> static_cast<unsigned>(bit) & 1U) != 0;
  }
  template <typename Bit>
    requires std::is_enum_v<Bit>
  [[nodiscard]] constexpr Features with(Bit bit) const {
    return {bits | std::uint64_t{1} << static_cast<unsigned>(bit)};
  }
  [[nodiscard]] constexpr bool contains(Features other) const { return (bits & other.bits) == other.bits; }

  friend constexpr Features operator&(Features a, Features b) { return {a.bits & b.bits}; }
  friend constexpr Features operator|(Features a, Features b) { return {a.bits | b.bits}; }
};

/// Where the three areas of a split queue lie, as the device sees memory (physical addresses). [virtio 1.2 §2.7]
struct QueueAddresses {
  std::uint64_t descriptors = 0;
  std::uint64_t available = 0;
  std::uint64_t used = 0;
  std::uint16_t size = 0;  // entries, a power of two
};

/// Why the device interrupted; both may be set, none means that the interrupt was another device's.
struct InterruptCause {
  bool queue = false;
  bool configuration = false;
};

class SplitQueue;
class Transport;

/// How queues are made for a device that has the legacy interface alone: legacy_queue.hpp.
struct LegacyQueues {
  enum class Size : std::uint8_t { chosen, fixed };

  std::expected<void, Error> (*set_up)(Transport& transport, std::uint16_t index, SplitQueue& queue,
                                       std::uint16_t capacity);
  /// Zeroed pages of 4 KiB below 2^44, or null. They are never given back.
  void* (*allocate)(std::size_t pages);
  Size size;  ///< whether the driver may take a smaller queue than the device has
};

/// Every call costs at least one exit to the machine monitor, none waits, none allocates. All may be called from any
/// context, but by one caller at a time: a device belongs to one core.
class Transport {
 public:
  [[nodiscard]] virtual DeviceType type() = 0;

  /// The device is of the time before version 1: it has no Feature::version1 and no more than 32 features, and headers
  /// of requests have the lengths of that time. [virtio 1.2 §2.2.3, §6.3]
  [[nodiscard]] bool legacy() const { return legacy_queues_ != nullptr; }
  [[nodiscard]] const LegacyQueues* legacy_queues() const { return legacy_queues_; }

  /// Writing 0 is not allowed here: see reset(). [virtio 1.2 §2.1]
  [[nodiscard]] virtual DeviceStatus status() = 0;
  virtual void set_status(DeviceStatus status) = 0;
  /// Starts a reset, which is over when status() reads 0. [virtio 1.2 §2.4]
  virtual void reset() = 0;

  [[nodiscard]] virtual Features device_features() = 0;
  virtual void set_driver_features(Features features) = 0;

  /// The largest size that the device takes for this queue, in entries; Error::queue_absent, Error::queue_in_use.
  [[nodiscard]] virtual std::expected<std::uint16_t, Error> queue_size_limit(std::uint16_t queue) = 0;
  /// Hands the queue's memory to the device. After queue_size_limit(), before StatusBit::driver_ok.
  /// Error::configuration_invalid where the device cannot be notified of it, or does not interrupt for it.
  [[nodiscard]] virtual std::expected<void, Error> enable_queue(std::uint16_t queue,
                                                                const QueueAddresses& addresses) = 0;
  /// Tells the device to look at the queue's available ring. The ring must already be published.
  virtual void notify(std::uint16_t queue) = 0;

  /// Reads and acknowledges. From the device's interrupt handler, or polled.
  [[nodiscard]] virtual InterruptCause take_interrupt() = 0;
  /// The same where a queue was asked to interrupt and has a completion: a transport that can acknowledge that without
  /// reading does. A change of the configuration interrupts once more, then.
  [[nodiscard]] virtual InterruptCause take_expected_interrupt() { return take_interrupt(); }

  /// Offsets are bytes from the start of the device type's own configuration, aligned to the width read.
  [[nodiscard]] virtual std::uint32_t configuration_generation() = 0;
  [[nodiscard]] virtual std::uint8_t configuration8(std::uint32_t offset) = 0;
  [[nodiscard]] virtual std::uint16_t configuration16(std::uint32_t offset) = 0;
  [[nodiscard]] virtual std::uint32_t configuration32(std::uint32_t offset) = 0;

  /// Runs `read`, which reads any number of fields, until the generation was the same before and after it, so that the
  /// fields belong together. A device that changes without end gives Error::configuration_unstable. [virtio 1.2 §2.5.1]
  template <std::invocable<Transport&> Read>
  [[nodiscard]] auto read_configuration(Read&& read) -> std::expected<std::invoke_result_t<Read&, Transport&>, Error> {
    constexpr int kTries = 8;
    std::uint32_t before = configuration_generation();
    for (int attempt = 0; attempt < kTries; ++attempt) {
      auto value = read(*this);
      const std::uint32_t after = configuration_generation();
      if (before == after) return value;
      before = after;
    }
    return std::unexpected(Error::configuration_unstable);
  }

 protected:
  // Transports are static objects or members: never deleted through this interface.
  constexpr Transport() = default;
  constexpr explicit Transport(const LegacyQueues& queues) : legacy_queues_(&queues) {}
  constexpr Transport(const Transport&) = default;
  constexpr Transport& operator=(const Transport&) = default;
  ~Transport() = default;

 private:
  const LegacyQueues* legacy_queues_ = nullptr;
};

}  // namespace toro::virtio
