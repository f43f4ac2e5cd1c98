// Virtio over PCI, the interface of version 1. [virtio 1.2 §4.1]
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <expected>
#include <limits>
#include <utility>

#include "kernel/devices/virtio/pci_registers.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

/// The device's messages: number 0 tells of its configuration, the others of queues. Where there are fewer messages
/// than queues, queues share the last; where there is one, everything does.
template <PciWindow Window>
class BasicPciTransport final : public Transport {
 public:
  /// Queues that a driver can use of one device.
  static constexpr std::uint16_t kQueues = 64;

  /// `messages`: how many the device can send, 0 where it interrupts without. Touches nothing.
  constexpr BasicPciTransport(Window window, const PciLayout& layout, DeviceType type, std::uint16_t messages)
      : window_(window),
        type_(type),
        messages_(messages),
        notify_length_(layout[PciArea::notify].length),
        notify_multiplier_(layout.notify_multiplier),
        device_length_(layout[PciArea::device].length) {}

  /// That tells of a queue, where the device can send so many.
  [[nodiscard]] static constexpr std::uint16_t message_of(std::uint16_t queue) {
    return static_cast<std::uint16_t>(queue + 1);
  }

  [[nodiscard]] DeviceType type() override { return type_; }

  [[nodiscard]] DeviceStatus status() override { return {read<std::uint8_t>(PciRegister::status)}; }
  void set_status(DeviceStatus status) override { write(PciRegister::status, status.bits); }
  void reset() override {
    write(PciRegister::status, std::uint8_t{0});
    selected_queue_ = kNoQueue;
    configuration_signals_ = false;
    pending_ = {};
  }

  [[nodiscard]] Features device_features() override {
    write(PciRegister::device_features_select, std::uint32_t{0});
    const std::uint64_t low = read<std::uint32_t>(PciRegister::device_features);
    write(PciRegister::device_features_select, std::uint32_t{1});
    const std::uint64_t high = read<std::uint32_t>(PciRegister::device_features);
    return {high << 32 | low};
  }
  void set_driver_features(Features features) override {
    write(PciRegister::driver_features_select, std::uint32_t{0});
    write(PciRegister::driver_features, low_half(features.bits));
    write(PciRegister::driver_features_select, std::uint32_t{1});
    write(PciRegister::driver_features, high_half(features.bits));
  }

  [[nodiscard]] std::expected<std::uint16_t, Error> queue_size_limit(std::uint16_t queue) override {
    if (queue >= kQueues) return std::unexpected(Error::queue_absent);
    select(queue);
    const auto limit = read<std::uint16_t>(PciRegister::queue_size);
    if (limit == 0) return std::unexpected(Error::queue_absent);
    if (read<std::uint16_t>(PciRegister::queue_enable) != 0) return std::unexpected(Error::queue_in_use);
    return std::min(limit, kLargestQueue);
  }
  [[nodiscard]] std::expected<void, Error> enable_queue(std::uint16_t queue, const QueueAddresses& addresses) override {
    if (queue >= kQueues) return std::unexpected(Error::queue_absent);
    select(queue);
    const std::uint64_t offset =
        std::uint64_t{read<std::uint16_t>(PciRegister::queue_notify_offset)} * notify_multiplier_;
    if (offset % 2 != 0 || offset + 2 > notify_length_) return std::unexpected(Error::configuration_invalid);
    notify_offsets_[queue] = static_cast<std::uint32_t>(offset);
    if (messages_ != 0 && !signal_by_messages(queue)) return std::unexpected(Error::configuration_invalid);
    write(PciRegister::queue_size, addresses.size);
    write(PciRegister::queue_descriptors_low, low_half(addresses.descriptors));
    write(PciRegister::queue_descriptors_high, high_half(addresses.descriptors));
    write(PciRegister::queue_available_low, low_half(addresses.available));
    write(PciRegister::queue_available_high, high_half(addresses.available));
    write(PciRegister::queue_used_low, low_half(addresses.used));
    write(PciRegister::queue_used_high, high_half(addresses.used));
    write(PciRegister::queue_enable, std::uint16_t{1});
    return {};
  }
  void notify(std::uint16_t queue) override { window_.write(PciArea::notify, notify_offsets_[queue], queue); }

  /// Without messages, by the ISR status; with them, what signal() was told.
  [[nodiscard]] InterruptCause take_interrupt() override {
    if (messages_ == 0) look();
    return std::exchange(pending_, {});
  }
  /// Whether the device without messages is the one of its pin that interrupts; it does not any more then, and
  /// take_interrupt() tells why. From the pin's interrupt.
  bool look() {
    const auto bits = window_.template read<std::uint8_t>(PciArea::isr, 0);  // acknowledged by reading it
    pending_.queue = pending_.queue || (bits & kPciInterruptQueue) != 0;
    pending_.configuration = pending_.configuration || (bits & kPciInterruptConfiguration) != 0;
    return bits != 0;
  }
  /// Message `number` has come. From its interrupt.
  void signal(std::uint16_t number) {
    if (number == 0) pending_.configuration = true;
    if (number != 0 || messages_ == 1) pending_.queue = true;
  }

  [[nodiscard]] std::uint32_t configuration_generation() override {
    return read<std::uint8_t>(PciRegister::configuration_generation);
  }
  /// What lies beyond the device's configuration is zero.
  [[nodiscard]] std::uint8_t configuration8(std::uint32_t offset) override { return read_device<std::uint8_t>(offset); }
  [[nodiscard]] std::uint16_t configuration16(std::uint32_t offset) override {
    return read_device<std::uint16_t>(offset);
  }
  [[nodiscard]] std::uint32_t configuration32(std::uint32_t offset) override {
    return read_device<std::uint32_t>(offset);
  }

 private:
  static constexpr std::uint16_t kLargestQueue = 32768;  // [virtio 1.2 §2.7]
  static constexpr std::uint32_t kNoQueue = 0xffff'ffff;

  static constexpr std::uint32_t low_half(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
  static constexpr std::uint32_t high_half(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

  template <typename T>
  [[nodiscard]] T read(PciRegister which) {
    return window_.template read<T>(PciArea::common, static_cast<std::uint32_t>(which));
  }
  template <typename T>
  void write(PciRegister which, T value) {
    window_.write(PciArea::common, static_cast<std::uint32_t>(which), value);
  }
  template <typename T>
  [[nodiscard]] T read_device(std::uint32_t offset) {
    if (offset >= device_length_ || device_length_ - offset < sizeof(T)) return 0;
    return window_.template read<T>(PciArea::device, offset);
  }

  // The register keeps its value, and each write is an exit.
  void select(std::uint16_t queue) {
    if (selected_queue_ == queue) return;
    write(PciRegister::queue_select, queue);
    selected_queue_ = queue;
  }

  /// The device forgets its messages at each reset, and says by kNoMessage that it cannot send one.
  bool signal_by_messages(std::uint16_t queue) {
    const auto number = static_cast<std::uint16_t>(std::min<unsigned>(message_of(queue), messages_ - 1U));
    write(PciRegister::queue_message, number);
    if (read<std::uint16_t>(PciRegister::queue_message) != number) return false;
    if (configuration_signals_) return true;
    write(PciRegister::configuration_message, std::uint16_t{0});
    configuration_signals_ = read<std::uint16_t>(PciRegister::configuration_message) == 0;
    return configuration_signals_;
  }

  Window window_;
  DeviceType type_;
  std::uint16_t messages_;
  std::uint32_t notify_length_;
  std::uint32_t notify_multiplier_;
  std::uint32_t device_length_;
  std::uint32_t selected_queue_ = kNoQueue;
  bool configuration_signals_ = false;
  InterruptCause pending_;
  std::array<std::uint32_t, kQueues> notify_offsets_{};
};

using PciTransport = BasicPciTransport<VolatilePciWindow>;
extern template class BasicPciTransport<VolatilePciWindow>;

}  // namespace toro::virtio
