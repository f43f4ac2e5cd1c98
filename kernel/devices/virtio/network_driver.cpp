// Virtio network devices as the kernel's network devices.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <new>

#include "kernel/arch/x86_64/lapic.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/arch/x86_64/random.hpp"
#include "kernel/devices/network/device.hpp"
#include "kernel/devices/virtio/driver.hpp"
#include "kernel/devices/virtio/network.hpp"
#include "kernel/memory/memory.hpp"

namespace toro::virtio {
namespace {

struct Started;

/// How a pair of queues interrupts its core.
struct Pair {
  Started* of = nullptr;
  NetworkQueuePair* queues = nullptr;
  network::Device* device = nullptr;  ///< that listens, once it is connected
  /// Of one without interrupts of its own: what the first pair's core interrupts it by.
  std::atomic<bool> is_forwarded = false;
  arch::InterruptTarget target{};
};

/// A device, for ever.
struct Started {
  Network network;
  Interrupt interrupt;
  std::array<Pair, Network::kMostPairs> pairs{};  ///< those that are used first
};

void on_first_interrupt(void* argument, arch::TrapFrame&) {
  auto& started = *static_cast<Started*>(argument);
  started.pairs.front().device->on_interrupt();
  for (Pair& pair : started.pairs)
    if (pair.is_forwarded.load(std::memory_order_acquire) && pair.queues->is_due())
      arch::lapic::send(pair.target.apic_id, pair.target.vector);
}

void on_pair_interrupt(void* argument, arch::TrapFrame&) {
  static_cast<Pair*>(argument)->device->on_interrupt();
}

std::string_view connect(void* argument, network::Device& device) {
  auto& pair = *static_cast<Pair*>(argument);
  pair.device = &device;
  const Interrupt& interrupt = pair.of->interrupt;
  const auto number = static_cast<std::size_t>(&pair - pair.of->pairs.data());
  if (number == 0) return interrupt.connect(on_first_interrupt, pair.of) ? "" : "its interrupts do not reach the core";
  if (interrupt.connect_pair(receive_queue(number), on_pair_interrupt, &pair)) return "";
  pair.target = arch::connect_vector(on_pair_interrupt, &pair);
  pair.is_forwarded.store(true, std::memory_order_release);
  return "";
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
  auto* const started = new (block) Started;
  started->interrupt = interrupt;
  if (const auto prepared = started->network.prepare(transport, random_address()); !prepared) {
    memory::heap().free(block);
    return prepared;
  }
  const std::size_t count = std::min<std::size_t>(started->network.useful_pairs(), arch::toro_core_count);
  void* const memory = memory::heap().allocate(count * sizeof(NetworkQueuePair), alignof(NetworkQueuePair));
  if (memory == nullptr) return std::unexpected(Error::no_memory);
  auto* const queues = static_cast<NetworkQueuePair*>(memory);
  for (std::size_t i = 0; i < count; ++i) new (queues + i) NetworkQueuePair;
  started->network.use({queues, count});
  for (std::size_t i = 0; i < count; ++i) {
    Pair& pair = started->pairs[i];
    pair.of = started;
    pair.queues = queues + i;
    const auto add = i == 0 ? network::add_device : network::add_queue;
    if (!add(*pair.queues, {connect, &pair})) return std::unexpected(Error::no_memory);
  }
  return {};
}

}  // namespace

TORO_VIRTIO_DRIVER(network_driver,
                   {.name = "virtio-net", .type = DeviceType::network, .wants = nullptr, .start = start});

}  // namespace toro::virtio
