// Virtio over MMIO, version 2. [virtio 1.2 §4.2]
#pragma once

#include <algorithm>
#include <cstdint>
#include <expected>

#include "kernel/devices/virtio/mmio_registers.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

template <MmioWindow Window>
class BasicMmioTransport final : public Transport {
 public:
  /// Looks at magic value, version and device id, and changes nothing. Error::wrong_magic, Error::legacy_transport,
  /// Error::unknown_transport_version, Error::no_device (an empty slot). [virtio 1.2 §4.2.3.1]
  [[nodiscard]] static std::expected<BasicMmioTransport, Error> create(Window window) {
    if (window.read(MmioRegister::magic_value) != kMmioMagic) return std::unexpected(Error::wrong_magic);
    const std::uint32_t version = window.read(MmioRegister::version);
    if (version == kMmioVersionLegacy) return std::unexpected(Error::legacy_transport);
    if (version != kMmioVersion) return std::unexpected(Error::unknown_transport_version);
    const auto type = static_cast<DeviceType>(window.read(MmioRegister::device_id));
    if (type == DeviceType::none) return std::unexpected(Error::no_device);
    return BasicMmioTransport(window, type);
  }

  [[nodiscard]] DeviceType type() override { return type_; }

  [[nodiscard]] DeviceStatus status() override {
    return {static_cast<std::uint8_t>(window_.read(MmioRegister::status))};
  }
  void set_status(DeviceStatus status) override { window_.write(MmioRegister::status, status.bits); }
  void reset() override {
    window_.write(MmioRegister::status, 0);
    selected_queue_ = kNoQueue;
  }

  [[nodiscard]] Features device_features() override {
    window_.write(MmioRegister::device_features_select, 0);
    const std::uint64_t low = window_.read(MmioRegister::device_features);
    window_.write(MmioRegister::device_features_select, 1);
    const std::uint64_t high = window_.read(MmioRegister::device_features);
    return {high << 32 | low};
  }
  void set_driver_features(Features features) override {
    window_.write(MmioRegister::driver_features_select, 0);
    window_.write(MmioRegister::driver_features, low_half(features.bits));
    window_.write(MmioRegister::driver_features_select, 1);
    window_.write(MmioRegister::driver_features, high_half(features.bits));
  }

  /// [virtio 1.2 §4.2.3.2]
  [[nodiscard]] std::expected<std::uint16_t, Error> queue_size_limit(std::uint16_t queue) override {
    select(queue);
    if (window_.read(MmioRegister::queue_ready) != 0) return std::unexpected(Error::queue_in_use);
    const std::uint32_t limit = window_.read(MmioRegister::queue_size_max);
    if (limit == 0) return std::unexpected(Error::queue_absent);
    return static_cast<std::uint16_t>(std::min(limit, kLargestQueue));
  }
  [[nodiscard]] std::expected<void, Error> enable_queue(std::uint16_t queue, const QueueAddresses& addresses) override {
    select(queue);
    window_.write(MmioRegister::queue_size, addresses.size);
    window_.write(MmioRegister::queue_descriptors_low, low_half(addresses.descriptors));
    window_.write(MmioRegister::queue_descriptors_high, high_half(addresses.descriptors));
    window_.write(MmioRegister::queue_available_low, low_half(addresses.available));
    window_.write(MmioRegister::queue_available_high, high_half(addresses.available));
    window_.write(MmioRegister::queue_used_low, low_half(addresses.used));
    window_.write(MmioRegister::queue_used_high, high_half(addresses.used));
    window_.write(MmioRegister::queue_ready, 1);
    return {};
  }
  void notify(std::uint16_t queue) override { window_.write(MmioRegister::queue_notify, queue); }

  [[nodiscard]] InterruptCause take_interrupt() override {
    constexpr std::uint32_t known = kMmioInterruptQueue | kMmioInterruptConfiguration;
    const std::uint32_t pending = window_.read(MmioRegister::interrupt_status) & known;
    if (pending != 0) window_.write(MmioRegister::interrupt_acknowledge, pending);
    return {.queue = (pending & kMmioInterruptQueue) != 0,
            .configuration = (pending & kMmioInterruptConfiguration) != 0};
  }
  [[nodiscard]] InterruptCause take_expected_interrupt() override {
    window_.write(MmioRegister::interrupt_acknowledge, kMmioInterruptQueue);
    return {.queue = true, .configuration = false};
  }

  [[nodiscard]] std::uint32_t configuration_generation() override {
    return window_.read(MmioRegister::configuration_generation);
  }
  [[nodiscard]] std::uint8_t configuration8(std::uint32_t offset) override { return window_.configuration8(offset); }
  [[nodiscard]] std::uint16_t configuration16(std::uint32_t offset) override { return window_.configuration16(offset); }
  [[nodiscard]] std::uint32_t configuration32(std::uint32_t offset) override { return window_.configuration32(offset); }

 private:
  static constexpr std::uint32_t kLargestQueue = 32768;  // [virtio 1.2 §2.7]
  static constexpr std::uint32_t kNoQueue = 0xffff'ffff;

  constexpr BasicMmioTransport(Window window, DeviceType type) : window_(window), type_(type) {}

  static constexpr std::uint32_t low_half(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
  static constexpr std::uint32_t high_half(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

  // The register keeps its value, and each write is an exit.
  void select(std::uint16_t queue) {
    if (selected_queue_ == queue) return;
    window_.write(MmioRegister::queue_select, queue);
    selected_queue_ = queue;
  }

  Window window_;
  DeviceType type_;
  std::uint32_t selected_queue_ = kNoQueue;
};

using MmioTransport = BasicMmioTransport<VolatileWindow>;
extern template class BasicMmioTransport<VolatileWindow>;

}  // namespace toro::virtio
