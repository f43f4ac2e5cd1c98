// Virtio network devices as the kernel's network devices.
#include <algorithm>
#include <array>
#include <bit>
#include <new>

#include "kernel/arch/x86_64/random.hpp"
#include "kernel/devices/network/device.hpp"
#include "kernel/devices/virtio/driver.hpp"
#include "kernel/devices/virtio/network.hpp"
#include "kernel/memory/memory.hpp"

namespace toro::virtio {
namespace {

/// A device, for ever.
struct Started {
  Network network;
  Interrupt interrupt;
};

std::string_view connect(void* argument, network::Device& device) {
  const bool connected = static_cast<Started*>(argument)->interrupt.connect(
      [](void* listening, arch::TrapFrame&) { static_cast<network::Device*>(listening)->on_interrupt(); }, &device);
  return connected ? "" : "its interrupts do not reach the core";
}

/// For a device that has none: of the addresses that everybody may give himself. [IEEE 802 8.4]
MacAddress random_address() {
  constexpr std::uint8_t kGroup = 1, kLocal = 2;
  const auto random = std::bit_cast<std::array<std::uint8_t, 8>>(arch::random_word());
  MacAddress address;
  std::copy_n(random.begin(), address.bytes.size(), address.bytes.begin());
  address.bytes[0] = static_cast<std::uint8_t>((address.bytes[0] & ~kGroup) | kLocal);
  return address;
}

std::expected<void, Error> start(Transport& transport, Interrupt interrupt) {
  void* const block = memory::heap().allocate(sizeof(Started), alignof(Started));
  if (block == nullptr) return std::unexpected(Error::no_memory);
  auto* const started = new (block) Started{.network = {}, .interrupt = interrupt};
  if (const auto prepared = started->network.prepare(transport, random_address()); !prepared) {
    memory::heap().free(block);
    return prepared;
  }
  const std::size_t pairs = started->network.useful_pairs();
  void* const queues = memory::heap().allocate(pairs * sizeof(NetworkQueuePair), alignof(NetworkQueuePair));
  if (queues == nullptr) return std::unexpected(Error::no_memory);
  auto* const first = static_cast<NetworkQueuePair*>(queues);
  for (std::size_t i = 0; i < pairs; ++i) new (first + i) NetworkQueuePair;
  started->network.use({first, pairs});
  if (!network::add_device(started->network, {connect, started})) return std::unexpected(Error::no_memory);
  return {};
}

}  // namespace

TORO_VIRTIO_DRIVER(network_driver,
                   {.name = "virtio-net", .type = DeviceType::network, .wants = nullptr, .start = start});

}  // namespace toro::virtio
