// Virtio over MMIO, version 1. [virtio 1.2 §4.2.4]
#pragma once

#include <algorithm>
#include <cstdint>
#include <expected>

#include "kernel/devices/virtio/legacy_queue.hpp"
#include "kernel/devices/virtio/mmio_registers.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

template <MmioWindow Window>
class BasicMmioLegacyTransport final : public Transport {
 public:
  /// As BasicMmioTransport::create(), of a device of version 1.
  [[nodiscard]] static std::expected<BasicMmioLegacyTransport, Error> create(Window window,
                                                                             const LegacyQueues& queues) {
    if (window.read(MmioRegister::magic_value) != kMmioMagic) return std::unexpected(Error::wrong_magic);
    if (window.read(MmioRegister::version) != kMmioVersionLegacy)
      return std::unexpected(Error::unknown_transport_version);
    const auto type = static_cast<DeviceType>(window.read(MmioRegister::device_id));
    if (type == DeviceType::none) return std::unexpected(Error::no_device);
    return BasicMmioLegacyTransport(window, type, queues);
  }

  [[nodiscard]] DeviceType type() override { return type_; }

  [[nodiscard]] DeviceStatus status() override {
    return {static_cast<std::uint8_t>(window_.read(MmioRegister::status))};
  }
  void set_status(DeviceStatus status) override { window_.write(MmioRegister::status, status.bits); }
  void reset() override { window_.write(MmioRegister::status, 0); }

  [[nodiscard]] Features device_features() override {
    window_.write(MmioRegister::device_features_select, 0);
    return {window_.read(MmioRegister::device_features)};
  }
  void set_driver_features(Features features) override {
    window_.write(MmioRegister::driver_features_select, 0);
    window_.write(MmioRegister::driver_features, static_cast<std::uint32_t>(features.bits));
  }

  [[nodiscard]] std::expected<std::uint16_t, Error> queue_size_limit(std::uint16_t queue) override {
    window_.write(MmioRegister::queue_select, queue);
    if (window_.read(MmioRegister::legacy_queue_page) != 0) return std::unexpected(Error::queue_in_use);
    const std::uint32_t limit = window_.read(MmioRegister::queue_size_max);
    if (limit == 0) return std::unexpected(Error::queue_absent);
    return static_cast<std::uint16_t>(std::min(limit, kLargestQueue));
  }
  [[nodiscard]] std::expected<void, Error> enable_queue(std::uint16_t queue, const QueueAddresses& addresses) override {
    window_.write(MmioRegister::legacy_page_size, kLegacyPage);
    window_.write(MmioRegister::queue_select, queue);
    window_.write(MmioRegister::queue_size, addresses.size);
    window_.write(MmioRegister::legacy_queue_alignment, kLegacyPage);
    window_.write(MmioRegister::legacy_queue_page, static_cast<std::uint32_t>(addresses.descriptors / kLegacyPage));
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

  /// There is none: what is read in two parts may be of two configurations. [virtio 1.2 §2.5.4]
  [[nodiscard]] std::uint32_t configuration_generation() override { return 0; }
  [[nodiscard]] std::uint8_t configuration8(std::uint32_t offset) override { return window_.configuration8(offset); }
  [[nodiscard]] std::uint16_t configuration16(std::uint32_t offset) override { return window_.configuration16(offset); }
  [[nodiscard]] std::uint32_t configuration32(std::uint32_t offset) override { return window_.configuration32(offset); }

 private:
  static constexpr std::uint32_t kLargestQueue = 32768;  // [virtio 1.2 §2.7]

  constexpr BasicMmioLegacyTransport(Window window, DeviceType type, const LegacyQueues& queues)
      : Transport(queues), window_(window), type_(type) {}

  Window window_;
  DeviceType type_;
};

using MmioLegacyTransport = BasicMmioLegacyTransport<VolatileWindow>;

}  // namespace toro::virtio
