// The virtio devices on PCI, each given to the virtio driver that wants it.
#include <algorithm>
#include <array>
#include <cstddef>
#include <new>

#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/devices/pci/driver.hpp"
#include "kernel/devices/pci/interrupt_pin.hpp"
#include "kernel/devices/pci/message_signals.hpp"
#include "kernel/devices/registers.hpp"
#include "kernel/devices/virtio/driver.hpp"
#include "kernel/devices/virtio/pci_layout.hpp"
#include "kernel/devices/virtio/pci_transport.hpp"
#include "kernel/memory/memory.hpp"

namespace toro::virtio {
namespace {

/// Messages that a device is let send: one for its configuration and one for each of so many queues.
constexpr std::uint16_t kMessages = 8;

/// A started device; lives for ever.
class PciDevice {
 public:
  PciDevice(const pci::Function& function, const pci::MessageCapability& capability, const PciLayout& layout,
            DeviceType type, std::uint16_t messages)
      : function_(function),
        capability_(capability),
        messages_used_(messages),
        transport_(VolatilePciWindow(layout), layout, type, messages) {
    for (std::uint16_t i = 0; i < kMessages; ++i) messages_[i] = {.device = this, .number = i};
  }

  [[nodiscard]] PciTransport& transport() { return transport_; }

  /// For Interrupt::attach, which names a PciDevice by its address.
  static bool attach(std::uintptr_t device, arch::InterruptHandler handler, void* argument) {
    auto& self = *reinterpret_cast<PciDevice*>(device);
    const bool moves = !arch::is_this_core(self.core_);
    if (moves && self.messages_used_ == 0) return false;  // a pin stays where it is
    self.handler_ = handler;
    self.argument_ = argument;
    if (moves) self.route_messages();
    return true;
  }

  /// For Interrupt::send: only messages move.
  static bool redirect(std::uintptr_t device, arch::Delivery delivery, std::uint32_t apic_id) {
    auto& self = *reinterpret_cast<PciDevice*>(device);
    if (self.messages_used_ == 0 || apic_id > arch::IoApic::kHighestDestination) return false;
    for (std::uint16_t i = 0; i < self.messages_used_; ++i)
      self.set_message(i, {self.messages_[i].vector, static_cast<std::uint8_t>(apic_id)}, delivery);
    return true;
  }

  /// For Interrupt::attach_pair.
  static bool attach_pair(std::uintptr_t device, std::uint16_t first, arch::InterruptHandler handler, void* argument) {
    auto& self = *reinterpret_cast<PciDevice*>(device);
    const std::uint16_t begin = PciTransport::message_of(first);
    const auto end = std::min<std::uint16_t>(begin + 2, self.messages_used_);  // the second may share the first's
    for (std::uint16_t i = begin; i < end; ++i) {
      self.messages_[i].handler = handler;
      self.messages_[i].argument = argument;
      self.route_message(i);
    }
    return begin < end;
  }

  /// Has the device interrupt this core, by its pin where it has no messages. It may do so before the driver listens:
  /// the cause is kept.
  [[nodiscard]] std::expected<void, pci::Error> start_interrupts() {
    if (messages_used_ == 0) return pci::connect_pin(function_, on_pin, this);
    route_messages();
    pci::enable_messages(function_, capability_);
    return {};
  }

 private:
  struct Message {
    PciDevice* device = nullptr;
    std::uint16_t number = 0;
    std::uint8_t vector = 0;
    arch::InterruptHandler handler = nullptr;  ///< of its queues alone
    void* argument = nullptr;
  };

  void route_message(std::uint16_t number) {
    const arch::InterruptTarget target = arch::connect_vector(on_message, &messages_[number]);
    messages_[number].vector = target.vector;
    set_message(number, target, arch::Delivery::vector);
  }

  void route_messages() {
    for (std::uint16_t i = 0; i < messages_used_; ++i) route_message(i);
    core_ = arch::this_core();
  }

  void set_message(std::uint16_t number, arch::InterruptTarget target, arch::Delivery delivery) {
    const arch::InterruptMessage message = arch::message_for(target, delivery);
    pci::set_message(function_, capability_, reinterpret_cast<volatile pci::MessageEntry*>(capability_.table), number,
                     message.address, message.data);
  }

  static void on_message(void* argument, arch::TrapFrame& frame) {
    const Message& message = *static_cast<Message*>(argument);
    if (message.handler != nullptr) return message.handler(message.argument, frame);
    PciDevice& device = *message.device;
    device.transport_.signal(message.number);
    if (device.handler_ != nullptr) device.handler_(device.argument_, frame);
  }

  static bool on_pin(void* argument, arch::TrapFrame& frame) {
    PciDevice& device = *static_cast<PciDevice*>(argument);
    if (!device.transport_.look()) return false;
    if (device.handler_ != nullptr) device.handler_(device.argument_, frame);
    return true;
  }

  pci::Function function_;
  pci::MessageCapability capability_;
  std::uint16_t messages_used_;  ///< 0: it has a pin instead
  std::uint32_t core_ = 0;       ///< that it interrupts
  PciTransport transport_;
  arch::InterruptHandler handler_ = nullptr;
  void* argument_ = nullptr;
  std::array<Message, kMessages> messages_{};
};

bool map_regions(const PciLayout& layout) {
  for (const PciRegion& region : layout.regions)
    if (region.length != 0 && !devices::map_registers(region.address, region.length)) return false;
  return true;
}

std::expected<void, pci::Error> start(const pci::Function& function) {
  const DeviceType type = pci_device_type(function);
  const pci::Bars bars = function.read_bars();
  const auto layout = read_pci_layout(function, bars);
  if (!layout) return std::unexpected{layout.error()};
  auto capability = pci::find_message_capability(function, bars);
  if (capability && capability->kind != pci::MessageCapability::Kind::msi_x)
    capability = std::unexpected{pci::Error::no_message_signals};  // virtio knows no MSI [virtio 1.2 §4.1.5.1.2]
  if (!capability && capability.error() != pci::Error::no_message_signals) return std::unexpected{capability.error()};
  if (!map_regions(*layout) || (capability && !devices::map_registers(capability->table, capability->table_bytes)))
    return std::unexpected{pci::Error::not_mappable};
  function.set_command(function.read16(pci::Register::command) | pci::kCommandMemory);

  const std::uint16_t messages = capability ? std::min(capability->entries, kMessages) : 0;
  PciTransport candidate(VolatilePciWindow(*layout), *layout, type, messages);
  const Driver* driver = find_driver(candidate);
  if (driver == nullptr) return {};
  void* memory = memory::heap().allocate(sizeof(PciDevice));
  if (memory == nullptr) return std::unexpected{pci::Error::no_memory};
  const auto signals = capability.value_or(pci::MessageCapability{});
  auto* device = new (memory) PciDevice(function, signals, *layout, type, messages);
  function.set_command(function.read16(pci::Register::command) | pci::kCommandBusMaster);
  if (const auto routed = device->start_interrupts(); !routed) return std::unexpected{routed.error()};
  const Interrupt interrupt{.attach = PciDevice::attach,
                            .which = reinterpret_cast<std::uintptr_t>(device),
                            .send = PciDevice::redirect,
                            .attach_pair = PciDevice::attach_pair};
  if (const auto started = driver->start(device->transport(), interrupt); !started)
    return pci::refuse(function, driver->name, describe(started.error()));
  return {};
}

}  // namespace
}  // namespace toro::virtio

namespace toro::pci {

TORO_PCI_DRIVER(virtio_driver, {
                                   .name = "virtio",
                                   .wants =
                                       [](const Function& function) {
                                         return virtio::pci_device_type(function) != virtio::DeviceType::none &&
                                                !virtio::has_legacy_interface_alone(function);
                                       },
                                   .start = virtio::start,
                               });

}  // namespace toro::pci
