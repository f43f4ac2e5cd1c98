// An NE2000 without a machine: its controller's registers, its memory, its receive ring.
#pragma once

#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "kernel/devices/network/ne2000.hpp"

namespace toro::network::test {

class FakeNe2000 final : public Ne2000Window {
 public:
  // How the card is.
  bool resets = true;
  bool transfers_end = true;
  bool busy = false;  ///< sends nothing
  std::uint8_t missed = 0;
  std::vector<std::vector<std::byte>> sent;
  std::array<std::uint8_t, 0x8000> memory{};
  std::uint8_t current = 0;
  unsigned waited = 0;
  unsigned resent = 0;

  FakeNe2000() { set_address({0x52, 0x54, 0x00, 0x12, 0x34, 0x56}); }
  void set_address(std::array<std::uint8_t, 6> mac) {
    for (std::size_t i = 0; i < mac.size(); ++i) memory[2 * i] = memory[2 * i + 1] = mac[i];
  }

  std::uint8_t read(Ne2000Register which) override {
    const auto number = static_cast<std::uint8_t>(which);
    if (which == Ne2000Register::command) return command_;
    if (which == Ne2000Register::reset_port) return status_ |= resets ? ne2000::kResetDone : std::uint8_t{0}, 0;
    if (is_page_1()) return which == Ne2000Register::current_page ? current : page_1_[number];
    if (which == Ne2000Register::interrupt_status) return status_;
    if (which == Ne2000Register::missed_packets) return std::exchange(missed, 0);
    return which == Ne2000Register::boundary ? page_0_[number] : 0;
  }
  void write(Ne2000Register which, std::uint8_t value) override {
    const auto number = static_cast<std::uint8_t>(which);
    if (which == Ne2000Register::command) return run(value);
    if (is_page_1()) {
      (which == Ne2000Register::current_page ? current : page_1_[number]) = value;
    } else if (which == Ne2000Register::interrupt_status) {
      status_ &= static_cast<std::uint8_t>(~value);
    } else if (number < page_0_.size()) {
      page_0_[number] = value;
    }
  }
  void read_data(std::span<std::byte> data) override {
    for (auto& byte : data) byte = static_cast<std::byte>(memory.at(remote_++));
    end_transfer(data.size());
  }
  void write_data(std::span<const std::byte> data) override {
    for (const auto byte : data) memory.at(remote_++) = std::to_integer<std::uint8_t>(byte);
    end_transfer(data.size());
  }
  void wait_microseconds(unsigned count) override { waited += count; }

  [[nodiscard]] bool interrupts() const {
    return (status_ & page_0_[static_cast<std::size_t>(Ne2000Register::interrupt_mask)]) != 0;
  }
  void raise(std::uint8_t causes) { status_ |= causes; }

  /// Writes a frame into the ring; false where it has no room, and then the card overflows.
  bool deliver(std::span<const std::byte> frame) {
    const auto pages = static_cast<unsigned>((frame.size() + 4 + 4 + 255) / 256);
    const std::uint8_t boundary = at(Ne2000Register::boundary);
    const unsigned length = ring_stop() - ring_start();
    const unsigned room = (boundary + length - current) % length;
    if (pages > room && current != boundary) {
      raise(ne2000::kOverflow);
      ++missed;
      return false;
    }
    const std::size_t count = frame.size() + 4;
    const std::uint8_t next = wrapped(current + pages);
    put_header({.status = ne2000::kReceivedIntact,
                .next_page = next,
                .count_low = static_cast<std::uint8_t>(count),
                .count_high = static_cast<std::uint8_t>(count >> 8)});
    unsigned address = current * 256U + 4;
    for (const auto byte : frame) {
      if (address == ring_stop() * 256U) address = ring_start() * 256U;
      memory[address++] = std::to_integer<std::uint8_t>(byte);
    }
    current = next;
    raise(ne2000::kReceived);
    return true;
  }
  void put_header(const ne2000::ReceiveHeader& header) { std::memcpy(&memory[current * 256U], &header, sizeof header); }
  void advance() { current = wrapped(current + 1U); }

  void finish_sending(std::uint8_t cause = ne2000::kSent) {
    command_ &= static_cast<std::uint8_t>(~ne2000::kTransmit);
    raise(cause);
  }

 private:
  [[nodiscard]] bool is_page_1() const { return (command_ & ne2000::kPage1) != 0; }
  [[nodiscard]] std::uint8_t at(Ne2000Register which) const { return page_0_[static_cast<std::size_t>(which)]; }
  [[nodiscard]] unsigned ring_start() const { return at(Ne2000Register::page_start); }
  [[nodiscard]] unsigned ring_stop() const { return at(Ne2000Register::page_stop); }
  [[nodiscard]] std::uint8_t wrapped(unsigned page) const {
    return static_cast<std::uint8_t>(page >= ring_stop() ? page - ring_stop() + ring_start() : page);
  }
  [[nodiscard]] unsigned word(Ne2000Register low) const {
    const auto number = static_cast<std::size_t>(low);
    return page_0_[number] + page_0_[number + 1] * 256U;
  }

  void run(std::uint8_t command) {
    const bool was_sending = (command_ & ne2000::kTransmit) != 0;
    command_ = command;
    if ((command & (ne2000::kRemoteRead | ne2000::kRemoteWrite)) != 0 && (command & ne2000::kRemoteAbort) == 0) {
      remote_ = word(Ne2000Register::remote_address_low);
      left_ = word(Ne2000Register::remote_count_low);
    }
    if (was_sending && (command & ne2000::kStop) == 0) command_ |= ne2000::kTransmit;  // it ends by itself only
    if ((command & ne2000::kTransmit) == 0) return;
    if (was_sending || stopped_) ++resent;
    if (busy) return;
    const unsigned page = at(Ne2000Register::transmit_page);
    const auto* data = reinterpret_cast<const std::byte*>(&memory[page * 256]);
    sent.emplace_back(data, data + word(Ne2000Register::transmit_count_low));
    finish_sending();
  }
  void end_transfer(std::size_t count) {
    const std::size_t whole = (count + 1) & ~std::size_t{1};
    if (transfers_end && whole == left_) raise(ne2000::kRemoteDone);
  }

  std::uint8_t command_ = 0;
  std::uint8_t status_ = 0;
  bool stopped_ = false;
  std::array<std::uint8_t, 16> page_0_{};
  std::array<std::uint8_t, 32> page_1_{};
  std::size_t remote_ = 0;
  std::size_t left_ = 0;
};

}  // namespace toro::network::test
