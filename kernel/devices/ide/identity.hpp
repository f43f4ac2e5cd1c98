// What a drive says of itself. [ATA/ATAPI-6 §8.15.7]
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "kernel/lib/format.hpp"

namespace toro::ide {

enum class DriveError : std::uint8_t {
  absent,
  packet,    ///< a CD-ROM or its kind, which speaks another language
  silent,    ///< it did not answer in time
  refused,   ///< it ended the question with an error
  unusable,  ///< it has no logical block addresses, no sectors, or such of another size than 512 bytes
};

/// One line for people, without a final stop.
[[nodiscard]] std::string_view describe(DriveError error);

struct Identity {
  std::uint64_t sectors = 0;
  bool has_48_bit_addresses = false;
  bool has_dma = false;            ///< and a mode of it is chosen
  std::uint8_t block_sectors = 1;  ///< that the processor can move at one interrupt: 1 or more
  bool has_write_cache = false;    ///< which is on, and can be flushed
  FixedString<63> name;            ///< model and serial number, printable
};

/// `data` is 512 bytes, of which nothing is believed that contradicts itself.
[[nodiscard]] std::expected<Identity, DriveError> read_identity(std::span<const std::byte, 512> data);

}  // namespace toro::ide
