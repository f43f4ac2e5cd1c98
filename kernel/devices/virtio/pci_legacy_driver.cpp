// The virtio devices on PCI that have the legacy interface alone, each given to the virtio driver that wants it.
#include <algorithm>
#include <array>
#include <cstddef>
#include <new>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/devices/pci/driver.hpp"
#include "kernel/devices/pci/message_signals.hpp"
#include "kernel/devices/registers.hpp"
#include "kernel/devices/virtio/driver.hpp"
#include "kernel/devices/virtio/pci_layout.hpp"
#include "kernel/devices/virtio/pci_legacy_transport.hpp"
#include "kernel/memory/memory.hpp"

namespace toro::virtio {
namespace {

constexpr std::uint16_t kMessages = 8;

/// The window onto a real device: its ports.
class PortWindow {
 public:
  explicit PortWindow(std::uint16_t base) : base_(base) {}

  template <typename T>
  [[nodiscard]] T read(std::uint16_t offset) const {
    T value;
    asm volatile("in %1, %0" : "=a"(value) : "d"(port(offset)));
    return value;
  }
  template <typename T>
  void write(std::uint16_t offset, T value) const {
    asm volatile("out %0, %1" ::"a"(value), "d"(port(offset)));
  }

 private:
  [[nodiscard]] std::uint16_t port(std::uint16_t offset) const { return static_cast<std::uint16_t>(base_ + offset); }

  std::uint16_t base_;
};
static_assert(PciLegacyWindow<PortWindow>);

using PciLegacyTransport = BasicPciLegacyTransport<PortWindow>;

constexpr LegacyQueues kQueues{
    .set_up = set_up_legacy_queue,
    .allocate = [](std::size_t pages) { return reinterpret_cast<void*>(memory::allocate_zeroed_pages(pages)); },
    .size = LegacyQueues::Size::fixed};

/// A started device; lives for ever.
class PciLegacyDevice {
 public:
  explicit PciLegacyDevice(const PciLegacyTransport& transport) : transport_(transport) {
    for (std::uint16_t i = 0; i < kMessages; ++i) messages_[i] = {this, i};
  }

  [[nodiscard]] PciLegacyTransport& transport() { return transport_; }

  /// For Interrupt::attach, which names a PciLegacyDevice by its address.
  static bool attach(std::uintptr_t device, arch::InterruptHandler handler, void* argument) {
    auto& self = *reinterpret_cast<PciLegacyDevice*>(device);
    if (!arch::is_this_core(self.core_)) return false;
    self.handler_ = handler;
    self.argument_ = argument;
    return true;
  }

  /// Has the device interrupt this core. It may do so before the driver listens: the cause is kept.
  void route_messages(const pci::Function& function, const pci::MessageCapability& capability, std::uint16_t count) {
    auto* const table = reinterpret_cast<volatile pci::MessageEntry*>(capability.table);
    for (std::uint16_t i = 0; i < count; ++i) {
      const arch::InterruptMessage message = arch::connect_message(on_message, &messages_[i]);
      pci::set_message(function, capability, table, i, message.address, message.data);
    }
    pci::enable_messages(function, capability);
  }

 private:
  struct Message {
    PciLegacyDevice* device = nullptr;
    std::uint16_t number = 0;
  };

  static void on_message(void* argument, arch::TrapFrame& frame) {
    const Message& message = *static_cast<Message*>(argument);
    PciLegacyDevice& device = *message.device;
    device.transport_.signal(message.number);
    if (device.handler_ != nullptr) device.handler_(device.argument_, frame);
  }

  PciLegacyTransport transport_;
  arch::InterruptHandler handler_ = nullptr;
  void* argument_ = nullptr;
  std::uint32_t core_ = arch::this_core();  ///< that the device interrupts
  std::array<Message, kMessages> messages_{};
};

std::expected<void, pci::Error> start(const pci::Function& function) {
  const pci::Bars bars = function.read_bars();
  const auto ports = legacy_ports(bars);
  if (!ports) return std::unexpected{ports.error()};
  const auto capability = pci::find_message_capability(function, bars);
  if (!capability) return std::unexpected{capability.error()};
  if (capability->kind != pci::MessageCapability::Kind::msi_x) return std::unexpected{pci::Error::no_message_signals};
  if (!devices::map_registers(capability->table, capability->table_bytes))
    return std::unexpected{pci::Error::not_mappable};
  function.set_command(function.read16(pci::Register::command) | pci::kCommandIo | pci::kCommandMemory);

  const std::uint16_t messages = std::min(capability->entries, kMessages);
  PciLegacyTransport candidate(PortWindow(ports->base), ports->length, pci_device_type(function), messages, kQueues);
  const Driver* driver = find_driver(candidate);
  if (driver == nullptr) return {};
  void* memory = memory::heap().allocate(sizeof(PciLegacyDevice));
  if (memory == nullptr) return std::unexpected{pci::Error::no_memory};
  auto* device = new (memory) PciLegacyDevice(candidate);
  function.set_command(function.read16(pci::Register::command) | pci::kCommandBusMaster);
  device->route_messages(function, *capability, messages);
  const Interrupt interrupt{PciLegacyDevice::attach, reinterpret_cast<std::uintptr_t>(device)};
  if (const auto started = driver->start(device->transport(), interrupt); !started)
    return pci::refuse(function, driver->name, describe(started.error()));
  return {};
}

}  // namespace
}  // namespace toro::virtio

namespace toro::pci {

TORO_PCI_DRIVER(virtio_legacy_driver, {
                                          .name = "virtio (legacy)",
                                          .wants = virtio::has_legacy_interface_alone,
                                          .start = virtio::start,
                                      });

}  // namespace toro::pci
