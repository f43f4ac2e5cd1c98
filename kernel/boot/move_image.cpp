// Moves the image to a random place in RAM, before anything of it has been used.
#include <cstring>

#include "kernel/arch/x86_64/pvh.hpp"
#include "kernel/arch/x86_64/random.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/boot/image_place.hpp"
#include "kernel/lib/command_line.hpp"

// toro.ld
extern "C" const unsigned char toro_image_start[], toro_stored_end[], toro_zeroed_begin[], toro_zeroed_end[],
    toro_image_end[];
extern "C" const std::uint64_t toro_relocations_begin[], toro_relocations_end[];

namespace toro::boot {
namespace {

using namespace arch::pvh;

std::uintptr_t address_of(const unsigned char* symbol) {
  return reinterpret_cast<std::uintptr_t>(symbol);
}

bool shall_stay(const StartInfo& info) {
  return info.command_line != 0 && has_word(reinterpret_cast<const char*>(info.command_line), kFixedPlaces);
}

/// One past the RAM around the image, as far as boot_pvh.S mapped it.
std::uintptr_t end_of_ram(const StartInfo& info) {
  constexpr std::uintptr_t kMapped = std::uintptr_t{1} << 30;
  const auto* entries = reinterpret_cast<const MemoryMapEntry*>(info.memory_map);
  for (std::uint32_t i = 0; i < info.memory_map_entries; ++i) {
    const std::uint64_t end = entries[i].address + entries[i].size;
    if (entries[i].type == MemoryType::ram && entries[i].address <= kImageLoadedAt && kImageLoadedAt < end)
      return end < kMapped ? end : kMapped;
  }
  return 0;
}

}  // namespace

/// Copies the image to where it is to go on, and says how far away that is. Runs where the image was loaded, with the
/// boot stack and no traps; what it changes in variables is not copied, but for those that begin with a value.
extern "C" std::uintptr_t toro_move_image(const StartInfo* info) {
  if (info->magic != kMagic || info->version < 1 || shall_stay(*info)) return 0;
  const std::uintptr_t size = address_of(toro_image_end) - kImageLoadedAt;
  const std::uintptr_t place = choose_place(address_of(toro_image_end), end_of_ram(*info), size, arch::random_word());
  if (place == 0) return 0;
  const std::uintptr_t distance = place - kImageLoadedAt;
  std::memcpy(reinterpret_cast<void*>(place), toro_image_start, address_of(toro_stored_end) - kImageLoadedAt);
  std::memset(reinterpret_cast<void*>(address_of(toro_zeroed_begin) + distance), 0,
              address_of(toro_zeroed_end) - address_of(toro_zeroed_begin));
  relocate({toro_relocations_begin, toro_relocations_end}, distance);
  return distance;
}

}  // namespace toro::boot
