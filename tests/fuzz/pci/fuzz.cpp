// A hostile configuration space, and virtio registers behind it: whatever they say, nothing is read or written outside
// of what the functions' own registers span, and every look ends.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "kernel/devices/pci/enumeration.hpp"
#include "kernel/devices/pci/message_signals.hpp"
#include "kernel/devices/virtio/pci_transport.hpp"
#include "tests/fuzz/virtio/input.hpp"
#include "tests/unit/pci/fake_machine.hpp"

using namespace toro;
using virtio::test::Input;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void require_within(std::uint64_t address, std::uint64_t length, const pci::Bars& bars) {
  require(std::ranges::any_of(bars, [&](const pci::Bar& bar) {
    return bar.space == pci::Bar::Space::memory && address >= bar.address && length <= bar.limit() &&
           address - bar.address <= bar.limit() - length;
  }));
}

/// Any value at each read; no access leaves its region.
struct HostileWindow {
  Input* input;
  const virtio::PciLayout* layout;

  void check(virtio::PciArea area, std::uint32_t offset, std::size_t width) {
    const std::uint32_t length = (*layout)[area].length;
    require(offset % width == 0 && width <= length && offset <= length - width);
  }
  template <typename T>
  T read(virtio::PciArea area, std::uint32_t offset) {
    check(area, offset, sizeof(T));
    return static_cast<T>(input->word());
  }
  template <typename T>
  void write(virtio::PciArea area, std::uint32_t offset, T) {
    check(area, offset, sizeof(T));
  }
};

void drive(const virtio::PciLayout& layout, std::uint16_t messages, Input& input) {
  virtio::BasicPciTransport<HostileWindow> transport({&input, &layout}, layout, virtio::DeviceType::console, messages);
  for (int i = 0; i < 16 && !input.empty(); ++i) {
    const std::uint16_t queue = input.byte();
    const auto limit = transport.queue_size_limit(queue);
    if (limit && transport.enable_queue(queue, {.size = *limit})) transport.notify(queue);
    const std::uint32_t offset = input.byte() * 4U;
    static_cast<void>(transport.configuration32(offset));
    static_cast<void>(transport.configuration8(offset + 3));
    transport.signal(input.byte());
    static_cast<void>(transport.take_interrupt());
  }
}

void look_at(const pci::Function& function, Input& input) {
  const pci::Bars bars = function.read_bars();
  std::uint16_t messages = 0;
  if (const auto capability = pci::find_message_capability(function, bars)) {
    messages = capability->entries;
    if (capability->kind == pci::MessageCapability::Kind::msi_x) {
      require(capability->table_bytes == messages * sizeof(pci::MessageEntry));
      require_within(capability->table, capability->table_bytes, bars);
    } else {
      pci::set_message(function, *capability, nullptr, 0, 0xfee0'0000, 33);
    }
    pci::enable_messages(function, *capability);
  }
  static_cast<void>(virtio::pci_device_type(function));
  const auto layout = virtio::read_pci_layout(function, bars);
  if (!layout) return;
  for (const virtio::PciRegion& region : layout->regions)
    if (region.length != 0) require_within(region.address, region.length, bars);
  drive(*layout, std::min<std::uint16_t>(messages, 8), input);
}

}  // namespace

/// A byte for the number of functions; for each its address and its 256 bytes; then what registers read as.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  pci::test::FakeMachine machine;
  for (int left = input.byte() % 4; left >= 0; --left) {
    const pci::Address at{input.byte(), static_cast<std::uint8_t>(input.byte() % 32),
                          static_cast<std::uint8_t>(input.byte() % 8)};
    auto& function = machine.add(left == 0 ? pci::Address{} : at);
    const auto bytes = input.take(pci::kConfigurationSize);
    std::ranges::copy(bytes, function.bytes.begin());
  }
  std::size_t functions = 0;
  pci::visit_functions(machine, 255, [&](const pci::Function& function) {
    ++functions;
    look_at(function, input);
  });
  require(functions <= 4);
  return 0;
}
