// Random numbers from a virtio entropy device, for processors that have no instruction for them.
#include <array>
#include <bit>
#include <cstring>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/arch/x86_64/random.hpp"
#include "kernel/arch/x86_64/spin_lock.hpp"
#include "kernel/devices/virtio/driver.hpp"
#include "kernel/devices/virtio/entropy.hpp"
#include "kernel/lib/chacha20.hpp"

namespace toro::virtio {
namespace {

constinit Entropy device{};
constinit arch::SpinLock lock{};
constinit ChaChaKey key{};
static_assert(sizeof key == Entropy::kBytes);

/// A key gives one word, and the next key: who learns it does not learn what came before.
std::uint64_t next_word() {
  const arch::SpinLockGuard guard(lock);
  const ChaChaBlock block = chacha20_block(key, 0);
  std::memcpy(key.data(), block.data(), sizeof key);
  return std::uint64_t{block[9]} << 32 | block[8];
}

/// True when the device has given all; what is mixed in was there before, so that a device that lies makes it no worse.
bool take() {
  std::array<std::byte, Entropy::kBytes> given{};
  const auto complete = device.take(given);
  if (!complete || !*complete) return false;
  const auto words = std::bit_cast<ChaChaKey>(given);
  for (std::size_t i = 0; i < words.size(); ++i) key[i] ^= words[i];
  arch::use_word_source(next_word);
  return true;
}

void on_interrupt(void* /*argument*/, arch::TrapFrame& /*frame*/) {
  if (device.on_interrupt()) static_cast<void>(take());
}

std::expected<void, Error> start(Transport& transport, Interrupt interrupt) {
  if (arch::entropy_source() <= EntropySource::rdrand) return {};
  for (std::size_t i = 0; i < key.size(); i += 2) {
    const std::uint64_t word = arch::random_word();
    std::memcpy(&key[i], &word, sizeof word);
  }
  if (const auto started = device.start(transport); !started) return started;
  // Most devices answer soon, and main then finds their numbers; the others interrupt.
  constexpr std::uint64_t kPatience = 20'000'000;  // ns
  const auto begin = arch::clock::now();
  while (arch::clock::now() - begin < kPatience) {
    if (take()) return {};
    asm volatile("pause");
    static_cast<void>(transport.status());  // an exit to the monitor, which does the work meanwhile
  }
  const arch::InterruptsOff off;
  interrupt.connect(on_interrupt, nullptr);
  static_cast<void>(take());  // what came between
  return {};
}

}  // namespace

TORO_VIRTIO_DRIVER(entropy_driver,
                   {.name = "virtio-rng", .type = DeviceType::entropy, .wants = nullptr, .start = start});

}  // namespace toro::virtio
