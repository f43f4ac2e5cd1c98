// Hostile legacy devices, on MMIO and by ports: registers of any value. No port outside of the device's is touched, no
// more memory is taken than the largest queue needs, and every set-up ends.
#include <cstdlib>
#include <memory>

#include "kernel/devices/virtio/initialization.hpp"
#include "kernel/devices/virtio/mmio_legacy_transport.hpp"
#include "kernel/devices/virtio/pci_layout.hpp"
#include "kernel/devices/virtio/pci_legacy_transport.hpp"
#include "tests/fuzz/virtio/input.hpp"

using namespace toro;
using namespace toro::virtio;
using toro::virtio::test::Input;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// One piece at a time: the next takes the place of the one before.
void* allocate(std::size_t pages) {
  static void* last = nullptr;
  constexpr std::size_t kMost = LegacyLayout(32768).end / kLegacyPage;
  require(pages <= kMost);
  std::free(last);
  last = std::aligned_alloc(kLegacyPage, pages * kLegacyPage);
  __builtin_memset(last, 0, pages * kLegacyPage);
  return last;
}

constexpr LegacyQueues kChosen{set_up_legacy_queue, allocate, LegacyQueues::Size::chosen};
constexpr LegacyQueues kFixed{set_up_legacy_queue, allocate, LegacyQueues::Size::fixed};

struct MmioWindowOf {
  Input* input;
  std::uint32_t read(MmioRegister which) {
    if (which == MmioRegister::magic_value) return kMmioMagic;
    if (which == MmioRegister::version) return kMmioVersionLegacy;
    if (which == MmioRegister::device_id) return 3;
    return which == MmioRegister::legacy_queue_page ? input->byte() & 1U : input->word();
  }
  void write(MmioRegister, std::uint32_t) {}
  std::uint8_t configuration8(std::uint32_t) { return input->byte(); }
  std::uint16_t configuration16(std::uint32_t) { return input->byte(); }
  std::uint32_t configuration32(std::uint32_t) { return input->word(); }
};

struct Ports {
  Input* input;
  std::uint16_t length;
  template <typename T>
  T read(std::uint16_t offset) {
    require(offset % sizeof(T) == 0 && offset + sizeof(T) <= length);
    return static_cast<T>(sizeof(T) == 4 ? input->word() : input->byte());
  }
  template <typename T>
  void write(std::uint16_t offset, T) {
    require(offset % sizeof(T) == 0 && offset + sizeof(T) <= length);
  }
};

template <class Transport>
void drive(Transport& transport, Input& input) {
  static_cast<void>(initialize(transport, {~std::uint64_t{0}}, {}, [&](Features) -> std::expected<void, Error> {
    const auto memory = std::make_unique<QueueMemory<16>>();
    SplitQueue queue;
    std::byte data[16];
    if (const auto done = set_up_queue(transport, input.byte(), queue, memory->view()); !done) return done;
    require(queue.free_descriptors() == queue.size());
    while (queue.submit_writable(data, 1)) {
    }
    static_cast<void>(queue.publish());
    static_cast<void>(queue.poll());
    return {};
  }));
  for (int i = 0; i < 16; ++i) {
    static_cast<void>(transport.configuration32(input.byte() * 4U));
    static_cast<void>(transport.configuration8(input.byte()));
    static_cast<void>(transport.take_interrupt());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  if ((input.byte() & 1) != 0) {
    auto transport = BasicMmioLegacyTransport<MmioWindowOf>::create({&input}, kChosen);
    drive(*transport, input);
    return 0;
  }
  pci::Bars bars{};
  bars[0] = {.space = (input.byte() & 7) == 0 ? pci::Bar::Space::memory : pci::Bar::Space::io,
             .address = input.word() & 0xffff};
  const auto ports = legacy_ports(bars);
  if (!ports) return 0;
  require(ports->base + ports->length <= 0x10000);
  BasicPciLegacyTransport<Ports> transport({&input, ports->length}, ports->length, DeviceType::console,
                                           static_cast<std::uint16_t>(1 + input.byte() % 8), kFixed);
  drive(transport, input);
  return 0;
}
