// An 8254x without a machine: its registers, and a device side that moves frames through the driver's descriptors.
#pragma once

#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "kernel/devices/network/e1000.hpp"

namespace toro::network::test {

class FakeE1000 final : public E1000Window {
 public:
  // How the device is.
  bool resets = true;
  bool has_eeprom = true;
  std::array<std::uint16_t, 3> eeprom{0x5452, 0x1200, 0x5634};
  bool link_up = true;
  bool gone = false;
  bool stopped = false;  ///< sends nothing
  std::map<E1000Register, std::uint32_t> values;
  std::vector<std::vector<std::byte>> sent;

  std::uint32_t read(E1000Register which) override {
    if (gone) return 0xffff'ffff;
    switch (which) {
      case E1000Register::status:
        return link_up ? e1000::kStatusLinkUp : 0;
      case E1000Register::interrupt_cause:
        return std::exchange(causes_, 0);
      case E1000Register::eeprom_read: {
        if (!has_eeprom) return 0;
        const std::uint32_t word = values[which] >> e1000::kEepromAddress & 0xff;
        return std::uint32_t{eeprom[word % 3]} << e1000::kEepromData | e1000::kEepromDone;
      }
      case E1000Register::missed_packets:
        return std::exchange(values[which], 0);
      default:
        return values[which];
    }
  }
  void write(E1000Register which, std::uint32_t value) override {
    switch (which) {
      case E1000Register::control:
        if ((value & e1000::kControlReset) != 0) reset();
        values[which] = resets ? value & ~e1000::kControlReset : value;
        return;
      case E1000Register::interrupt_mask_set:
        mask_ |= value;
        return;
      case E1000Register::interrupt_mask_clear:
        mask_ &= ~value;
        return;
      case E1000Register::transmit_tail:
        values[which] = value;
        run();
        return;
      default:
        values[which] = value;
    }
  }
  std::uint64_t address_of(const void* memory) override { return reinterpret_cast<std::uintptr_t>(memory); }

  [[nodiscard]] bool interrupts() const { return (causes_ & mask_) != 0; }
  void raise(std::uint32_t causes) { causes_ |= causes; }
  void set_link(bool up) {
    link_up = up;
    raise(e1000::kCauseLink);
  }

  /// Puts a frame into the next descriptor; false where there is none.
  bool deliver(std::span<const std::byte> frame, std::uint8_t status = e1000::kReceivedDone | e1000::kReceivedEnd,
               std::uint8_t errors = 0, std::optional<std::uint16_t> length = std::nullopt) {
    std::uint32_t& head = values[E1000Register::receive_head];
    if ((values[E1000Register::receive_control] & e1000::kReceiveEnable) == 0 ||
        head == values[E1000Register::receive_tail]) {
      ++values[E1000Register::missed_packets];
      return false;
    }
    auto& descriptor = ring<e1000::ReceiveDescriptor>(E1000Register::receive_base_low)[head];
    if (!frame.empty()) std::memcpy(reinterpret_cast<void*>(descriptor.address), frame.data(), frame.size());
    const e1000::ReceiveReport report{
        .length = length.value_or(static_cast<std::uint16_t>(frame.size())), .status = status, .errors = errors};
    descriptor.report = std::bit_cast<std::uint64_t>(report);
    head = (head + 1) % size(E1000Register::receive_length);
    raise(e1000::kCauseReceived);
    return true;
  }

  /// Sends what the driver has shown.
  void run() {
    if (stopped) return;
    std::uint32_t& head = values[E1000Register::transmit_head];
    if (head == values[E1000Register::transmit_tail]) return;
    std::vector<std::byte> frame;
    while (head != values[E1000Register::transmit_tail]) {
      auto& descriptor = ring<e1000::TransmitDescriptor>(E1000Register::transmit_base_low)[head];
      const auto* data = reinterpret_cast<const std::byte*>(descriptor.address);
      frame.insert(frame.end(), data, data + descriptor.length);
      if ((descriptor.command & e1000::kSendEnd) != 0) sent.push_back(std::exchange(frame, {}));
      if ((descriptor.command & e1000::kSendReport) != 0) descriptor.status = e1000::kSentDone;
      head = (head + 1) % size(E1000Register::transmit_length);
    }
    raise(e1000::kCauseSent);
  }

  template <class Descriptor>
  Descriptor* ring(E1000Register low) {
    const auto high = static_cast<E1000Register>(static_cast<std::uint32_t>(low) + 4);
    return reinterpret_cast<Descriptor*>(std::uint64_t{values[high]} << 32 | values[low]);
  }
  std::uint32_t size(E1000Register length) { return values[length] / 16; }

 private:
  void reset() {
    values.clear();
    causes_ = mask_ = 0;
  }

  std::uint32_t causes_ = 0;
  std::uint32_t mask_ = 0;
};

}  // namespace toro::network::test
