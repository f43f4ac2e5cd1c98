// Disks on virtio block devices.
#include <new>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/devices/block/device.hpp"
#include "kernel/devices/virtio/block.hpp"
#include "kernel/devices/virtio/driver.hpp"
#include "kernel/include/toro/heap.hpp"

namespace toro::virtio {
namespace {

struct Disk {
  Block block;
  alignas(block::Device) std::byte device[sizeof(block::Device)];
};

/// A device that does not answer in time has no name, and is a disk all the same.
void wait_for_identity(Block& block) {
  constexpr std::uint64_t kPatience = 200'000'000;  // nanoseconds
  for (const std::uint64_t end = arch::clock::now() + kPatience; !block.has_identity() && arch::clock::now() < end;)
    block.poll();
}

void take_identity(const Block& block, block::Properties& properties) {
  for (const char c : block.identity()) {
    if (c == '\0') return;
    properties.identity.append({c >= ' ' && c <= '~' ? &c : "?", 1});
  }
}

std::expected<void, Error> start(Transport& transport, Interrupt interrupt) {
  void* const memory = heap::allocate(sizeof(Disk), alignof(Disk));
  if (memory == nullptr) return std::unexpected(Error::no_memory);
  auto* const disk = new (memory) Disk{};
  auto properties = disk->block.start(transport);
  if (!properties) {
    heap::free(memory);
    return std::unexpected(properties.error());
  }
  wait_for_identity(disk->block);
  take_identity(disk->block, *properties);
  auto* const device = new (disk->device) block::Device(disk->block, *properties);
  disk->block.serve(device->requests());
  interrupt.connect([](void* block, arch::TrapFrame&) { static_cast<Block*>(block)->on_interrupt(); }, &disk->block);
  block::add(*device, "virtio-blk");
  return {};
}

}  // namespace

TORO_VIRTIO_DRIVER(block_driver, {.name = "virtio-blk", .type = DeviceType::block, .wants = nullptr, .start = start});

}  // namespace toro::virtio
