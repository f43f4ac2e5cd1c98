// Where the firmware of a PC leaves its pointers: in the first MiB, on a 16-byte boundary behind a signature.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "kernel/firmware/error.hpp"
#include "kernel/firmware/physical_memory.hpp"

namespace toro::firmware {

struct Area {
  std::uint64_t address = 0;
  std::size_t length = 0;  ///< 0: the machine has no such area
};

/// The first KiB of the extended BIOS data area, which the word at 0x40e names. [MP 1.4 §4] [ACPI 6.5 §5.2.5.1]
[[nodiscard]] Area extended_bios_data(const PhysicalMemory& memory);

/// The last KiB of base memory, whose KiB are counted at 0x413; 640 KiB where no possible count is there. [MP 1.4 §4]
[[nodiscard]] Area end_of_base_memory(const PhysicalMemory& memory);

inline constexpr std::size_t kPointerAlignment = 16;

/// The address of the first place in `areas`, in their order, that begins with the bytes of `signature` (its low byte
/// first) and that `accept(address)` takes; not_found when there is none. Areas that cannot be read are passed over.
template <class Accept>
[[nodiscard]] std::expected<std::uint64_t, Error> find_pointer(const PhysicalMemory& memory,
                                                               std::span<const Area> areas, std::uint32_t signature,
                                                               Accept accept) {
  for (const Area& area : areas) {
    const auto bytes = memory.read(area.address, area.length);
    if (!bytes) continue;
    const std::byte* const begin = bytes->data();
    for (std::size_t i = 0; i + sizeof signature <= area.length; i += kPointerAlignment) {
      std::uint32_t found;
      __builtin_memcpy(&found, begin + i, sizeof found);
      if (found == signature && accept(area.address + i)) return area.address + i;
    }
  }
  return std::unexpected{Error::not_found};
}

}  // namespace toro::firmware
