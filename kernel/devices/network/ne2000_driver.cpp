// NE2000 cards on PCI (RTL8029) as the kernel's network devices.
#include <new>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/devices/network/device.hpp"
#include "kernel/devices/network/ne2000.hpp"
#include "kernel/devices/network/pci_device.hpp"
#include "kernel/include/toro/heap.hpp"

namespace toro::network {
namespace {

class Ports final : public Ne2000Window {
 public:
  explicit Ports(std::uint16_t base) : base_(base) {}

  [[nodiscard]] std::uint8_t read(Ne2000Register which) override { return arch::in8(at(which)); }
  void write(Ne2000Register which, std::uint8_t value) override { arch::out8(at(which), value); }

  void read_data(std::span<std::byte> data) override {
    arch::in16_string(at(Ne2000Register::data_port), data.data(), data.size() / 2);
    if (data.size() % 2 == 0) return;
    std::byte last[2];
    arch::in16_string(at(Ne2000Register::data_port), last, 1);
    data.back() = last[0];
  }
  void write_data(std::span<const std::byte> data) override {
    arch::out16_string(at(Ne2000Register::data_port), data.data(), data.size() / 2);
    if (data.size() % 2 == 0) return;
    const std::byte last[2]{data.back(), std::byte{0}};
    arch::out16_string(at(Ne2000Register::data_port), last, 1);
  }

  void wait_microseconds(unsigned count) override {
    const std::uint64_t end = arch::clock::now() + std::uint64_t{count} * 1000;
    while (arch::clock::now() < end) asm volatile("pause");
  }

 private:
  [[nodiscard]] std::uint16_t at(Ne2000Register which) const {
    return static_cast<std::uint16_t>(base_ + static_cast<unsigned>(which));
  }

  std::uint16_t base_;
};

/// A card, for ever.
struct Started {
  Started(const pci::Function& at, std::uint16_t base) : function(at), ports(base) {}

  pci::Function function;
  Ports ports;
  Ne2000 driver{ports};
};

std::expected<void, pci::Error> start(const pci::Function& function) {
  const pci::Bar bar = function.read_bars()[0];
  if (bar.space != pci::Bar::Space::io || bar.address == 0 || bar.limit() < kNe2000Ports)
    return std::unexpected{pci::Error::no_address};
  void* const memory = heap::allocate(sizeof(Started), alignof(Started));
  if (memory == nullptr) return std::unexpected{pci::Error::no_memory};
  auto* const started = new (memory) Started(function, static_cast<std::uint16_t>(bar.address));
  function.set_command(function.read16(pci::Register::command) | pci::kCommandIo);
  return add_pci_device(*started, "ne2000", 0);
}

}  // namespace
}  // namespace toro::network

namespace toro::pci {

TORO_PCI_DRIVER(ne2000_driver, {
                                   .name = "ne2000",
                                   .wants =
                                       [](const Function& function) {
                                         constexpr std::uint16_t kRealtek = 0x10ec, kRtl8029 = 0x8029;
                                         return function.read16(Register::vendor) == kRealtek &&
                                                function.read16(Register::device) == kRtl8029;
                                       },
                                   .start = network::start,
                               });

}  // namespace toro::pci
