// The base addresses of a PCI function. [PCI 3.0 §6.2.5]
#include "kernel/devices/pci/function.hpp"

#include <limits>

namespace toro::pci {
namespace {

constexpr std::uint32_t kBarIo = 1U << 0;
constexpr std::uint32_t kBarTypeMask = 3U << 1, kBarType32 = 0U << 1, kBarType64 = 2U << 1;
constexpr std::uint32_t kBarMemoryFlags = 0xf, kBarIoFlags = 0x3;

/// `ones` is what a register keeps of all ones.
Bar make_bar(Bar::Space space, std::uint64_t address, std::uint64_t ones) {
  const std::uint64_t size = ones & -ones;
  const bool aligned = size != 0 && (address & (size - 1)) == 0;
  if (!aligned || address > std::numeric_limits<std::uint64_t>::max() - size) return {};
  return {space, address, size};
}

}  // namespace

Bars Function::read_bars() const {
  Bars bars{};
  const std::uint16_t command = read16(Register::command);
  set_command(command & static_cast<std::uint16_t>(~(kCommandIo | kCommandMemory)));
  const auto offset_of = [](unsigned index) { return static_cast<unsigned>(Register::first_bar) + 4 * index; };
  const auto probe = [&](unsigned index, std::uint32_t value) {
    write32(offset_of(index), 0xffff'ffff);
    const std::uint32_t ones = read32(offset_of(index));
    write32(offset_of(index), value);
    return ones;
  };
  for (unsigned i = 0; i < kBars; ++i) {
    const std::uint32_t low = read32(offset_of(i));
    std::uint64_t ones = probe(i, low);
    if ((low & kBarIo) != 0) {
      // The upper half may be missing. [PCI 3.0 §6.2.5.1]
      bars[i] = make_bar(Bar::Space::io, low & ~kBarIoFlags & 0xffff, ones & ~std::uint64_t{kBarIoFlags} & 0xffff);
      continue;
    }
    ones &= ~std::uint64_t{kBarMemoryFlags};
    std::uint64_t address = low & ~kBarMemoryFlags;
    const std::uint32_t type = low & kBarTypeMask;
    const unsigned first = i;
    if (type == kBarType64) {
      if (++i == kBars) break;
      const std::uint32_t high = read32(offset_of(i));
      ones |= std::uint64_t{probe(i, high)} << 32;
      address |= std::uint64_t{high} << 32;
    } else if (type != kBarType32) {
      continue;
    }
    bars[first] = make_bar(Bar::Space::memory, address, ones);
  }
  set_command(command);
  return bars;
}

}  // namespace toro::pci
