// Intel 8254x controllers on PCI as the kernel's network devices.
#include <new>

#include "kernel/devices/console.hpp"
#include "kernel/devices/network/device.hpp"
#include "kernel/devices/network/e1000.hpp"
#include "kernel/devices/network/pci_device.hpp"
#include "kernel/devices/registers.hpp"
#include "kernel/include/toro/heap.hpp"

namespace toro::network {
namespace {

class Registers final : public E1000Window {
 public:
  explicit Registers(std::uintptr_t base) : base_(base) {}

  [[nodiscard]] std::uint32_t read(E1000Register which) override { return at(which); }
  void write(E1000Register which, std::uint32_t value) override { at(which) = value; }
  [[nodiscard]] std::uint64_t address_of(const void* memory) override {
    return reinterpret_cast<std::uintptr_t>(memory);
  }

 private:
  [[nodiscard]] volatile std::uint32_t& at(E1000Register which) const {
    return *reinterpret_cast<volatile std::uint32_t*>(base_ + static_cast<std::uint32_t>(which));
  }

  std::uintptr_t base_;
};

/// A controller, for ever.
struct Started {
  Started(const pci::Function& at, std::uintptr_t base) : function(at), registers(base) {}

  pci::Function function;
  Registers registers;
  E1000 driver{registers};
};

std::expected<void, pci::Error> start(const pci::Function& function) {
  const pci::Bar bar = function.read_bars()[0];
  if (bar.space != pci::Bar::Space::memory || bar.address == 0) return std::unexpected{pci::Error::no_address};
  if (bar.limit() < kE1000Registers || !devices::map_registers(bar.address, kE1000Registers))
    return std::unexpected{pci::Error::not_mappable};
  void* const memory = heap::allocate(sizeof(Started), alignof(Started));
  if (memory == nullptr) return std::unexpected{pci::Error::no_memory};
  auto* const started = new (memory) Started(function, bar.address);
  function.set_command(function.read16(pci::Register::command) | pci::kCommandMemory);
  return add_pci_device(*started, "e1000", pci::kCommandBusMaster);
}

}  // namespace
}  // namespace toro::network

namespace toro::pci {

TORO_PCI_DRIVER(e1000_driver, {
                                  .name = "e1000",
                                  .wants =
                                      [](const Function& function) {
                                        constexpr std::uint16_t kIntel = 0x8086, k82540em = 0x100e;
                                        return function.read16(Register::vendor) == kIntel &&
                                               function.read16(Register::device) == k82540em;
                                      },
                                  .start = network::start,
                              });

}  // namespace toro::pci
