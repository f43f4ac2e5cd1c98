// Virtio over PCI, the legacy interface: ports behind the first base address. [virtio 1.2 §4.1.4.10]
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <expected>
#include <utility>

#include "kernel/devices/virtio/legacy_queue.hpp"
#include "kernel/devices/virtio/pci_registers.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

/// Byte offsets. The type's own configuration follows: kPciLegacyConfiguration.
enum class PciLegacyRegister : std::uint16_t {
  device_features = 0x00,        // 32 bits
  driver_features = 0x04,        // 32
  queue_page = 0x08,             // 32
  queue_size = 0x0c,             // 16
  queue_select = 0x0e,           // 16
  queue_notify = 0x10,           // 16
  status = 0x12,                 // 8
  isr = 0x13,                    // 8
  configuration_message = 0x14,  // 16, as the next, of a device whose MSI-X is on
  queue_message = 0x16,
};

/// With MSI-X on, as it always is here.
inline constexpr std::uint16_t kPciLegacyConfiguration = 0x18;

/// What a window must offer; offsets lie within its ports.
template <typename Window>
concept PciLegacyWindow = requires(Window window, std::uint16_t offset) {
  { window.template read<std::uint8_t>(offset) } -> std::same_as<std::uint8_t>;
  { window.template read<std::uint16_t>(offset) } -> std::same_as<std::uint16_t>;
  { window.template read<std::uint32_t>(offset) } -> std::same_as<std::uint32_t>;
  { window.write(offset, std::uint8_t{}) };
  { window.write(offset, std::uint16_t{}) };
  { window.write(offset, std::uint32_t{}) };
};

/// The device's messages are shared out as BasicPciTransport has it.
template <PciLegacyWindow Window>
class BasicPciLegacyTransport final : public Transport {
 public:
  /// `length`: ports of the device, at least kPciLegacyConfiguration. `messages`: how many the device can send, not 0.
  constexpr BasicPciLegacyTransport(Window window, std::uint16_t length, DeviceType type, std::uint16_t messages,
                                    const LegacyQueues& queues)
      : Transport(queues),
        window_(window),
        type_(type),
        messages_(messages),
        configuration_length_(length - kPciLegacyConfiguration) {}

  [[nodiscard]] DeviceType type() override { return type_; }

  [[nodiscard]] DeviceStatus status() override { return {read<std::uint8_t>(PciLegacyRegister::status)}; }
  void set_status(DeviceStatus status) override { write(PciLegacyRegister::status, status.bits); }
  void reset() override {
    write(PciLegacyRegister::status, std::uint8_t{0});
    configuration_signals_ = false;
    pending_ = {};
  }

  [[nodiscard]] Features device_features() override {
    return {read<std::uint32_t>(PciLegacyRegister::device_features)};
  }
  void set_driver_features(Features features) override {
    write(PciLegacyRegister::driver_features, static_cast<std::uint32_t>(features.bits));
  }

  /// The size is the device's to say.
  [[nodiscard]] std::expected<std::uint16_t, Error> queue_size_limit(std::uint16_t queue) override {
    write(PciLegacyRegister::queue_select, queue);
    const auto size = read<std::uint16_t>(PciLegacyRegister::queue_size);
    if (size == 0) return std::unexpected(Error::queue_absent);
    if (read<std::uint32_t>(PciLegacyRegister::queue_page) != 0) return std::unexpected(Error::queue_in_use);
    return size;
  }
  [[nodiscard]] std::expected<void, Error> enable_queue(std::uint16_t queue, const QueueAddresses& addresses) override {
    write(PciLegacyRegister::queue_select, queue);
    if (!signal_by_messages(queue)) return std::unexpected(Error::configuration_invalid);
    write(PciLegacyRegister::queue_page, static_cast<std::uint32_t>(addresses.descriptors / kLegacyPage));
    return {};
  }
  void notify(std::uint16_t queue) override { write(PciLegacyRegister::queue_notify, queue); }

  [[nodiscard]] InterruptCause take_interrupt() override { return std::exchange(pending_, {}); }
  /// Message `number` has come. From its interrupt.
  void signal(std::uint16_t number) {
    if (number == 0) pending_.configuration = true;
    if (number != 0 || messages_ == 1) pending_.queue = true;
  }

  /// There is none: what is read in two parts may be of two configurations. [virtio 1.2 §2.5.4]
  [[nodiscard]] std::uint32_t configuration_generation() override { return 0; }
  /// What lies beyond the device's ports is zero.
  [[nodiscard]] std::uint8_t configuration8(std::uint32_t offset) override { return read_device<std::uint8_t>(offset); }
  [[nodiscard]] std::uint16_t configuration16(std::uint32_t offset) override {
    return read_device<std::uint16_t>(offset);
  }
  [[nodiscard]] std::uint32_t configuration32(std::uint32_t offset) override {
    return read_device<std::uint32_t>(offset);
  }

 private:
  template <typename T>
  [[nodiscard]] T read(PciLegacyRegister which) {
    return window_.template read<T>(std::to_underlying(which));
  }
  template <typename T>
  void write(PciLegacyRegister which, T value) {
    window_.write(std::to_underlying(which), value);
  }
  template <typename T>
  [[nodiscard]] T read_device(std::uint32_t offset) {
    if (offset >= configuration_length_ || configuration_length_ - offset < sizeof(T)) return 0;
    return window_.template read<T>(static_cast<std::uint16_t>(kPciLegacyConfiguration + offset));
  }

  bool signal_by_messages(std::uint16_t queue) {
    const auto number = static_cast<std::uint16_t>(std::min<unsigned>(queue + 1U, messages_ - 1U));
    write(PciLegacyRegister::queue_message, number);
    if (read<std::uint16_t>(PciLegacyRegister::queue_message) != number) return false;
    if (configuration_signals_) return true;
    write(PciLegacyRegister::configuration_message, std::uint16_t{0});
    configuration_signals_ = read<std::uint16_t>(PciLegacyRegister::configuration_message) == 0;
    return configuration_signals_;
  }

  Window window_;
  DeviceType type_;
  std::uint16_t messages_;
  std::uint32_t configuration_length_;
  bool configuration_signals_ = false;
  InterruptCause pending_;
};

}  // namespace toro::virtio
