// virtio-mmio of both versions, for boards whose images shall carry the legacy one.
#include <new>

#include "kernel/devices/virtio/legacy_queue.hpp"
#include "kernel/devices/virtio/mmio_bus.hpp"
#include "kernel/devices/virtio/mmio_legacy_transport.hpp"
#include "kernel/memory/memory.hpp"

namespace toro::virtio {
namespace {

constexpr LegacyQueues kQueues{
    .set_up = set_up_legacy_queue,
    .allocate = [](std::size_t pages) { return reinterpret_cast<void*>(memory::allocate_zeroed_pages(pages)); },
    .size = LegacyQueues::Size::chosen};

}  // namespace

std::expected<Transport*, Error> make_any_mmio_transport(std::uintptr_t registers) {
  const auto made = make_mmio_transport(registers);
  if (made || made.error() != Error::legacy_transport) return made;
  const auto probed = MmioLegacyTransport::create(VolatileWindow(registers), kQueues);
  if (!probed) return std::unexpected(probed.error());
  void* memory = memory::heap().allocate(sizeof(MmioLegacyTransport));
  if (memory == nullptr) return std::unexpected(Error::no_memory);
  return new (memory) MmioLegacyTransport(*probed);
}

}  // namespace toro::virtio
