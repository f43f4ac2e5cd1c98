// The base addresses of a PCI function. [PCI 3.0 §6.2.5]
#include "kernel/devices/pci/function.hpp"

namespace toro::pci {
namespace {

constexpr std::uint32_t kBarIo = 1U << 0;
constexpr std::uint32_t kBarTypeMask = 3U << 1, kBarType32 = 0U << 1, kBarType64 = 2U << 1;
constexpr std::uint32_t kBarMemoryFlags = 0xf, kBarIoFlags = 0x3;

}  // namespace

Bars Function::read_bars() const {
  Bars bars{};
  const auto read_bar = [&](unsigned index) { return read32(static_cast<unsigned>(Register::first_bar) + 4 * index); };
  for (unsigned i = 0; i < kBars; ++i) {
    const std::uint32_t low = read_bar(i);
    const std::uint32_t type = low & kBarTypeMask;
    if ((low & kBarIo) != 0) {
      bars[i] = {Bar::Space::io, low & ~kBarIoFlags & 0xffff};
    } else if (type == kBarType32) {
      bars[i] = {Bar::Space::memory, low & ~kBarMemoryFlags};
    } else if (type == kBarType64 && i + 1 < kBars) {
      bars[i] = {Bar::Space::memory, std::uint64_t{read_bar(i + 1)} << 32 | (low & ~kBarMemoryFlags)};
      ++i;
    }
  }
  return bars;
}

}  // namespace toro::pci
