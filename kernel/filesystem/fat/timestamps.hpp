// FAT's dates and times, taken as UTC. [FAT §6.2]
#pragma once

#include <cstdint>

#include "kernel/filesystem/fat/on_disk.hpp"

namespace toro::filesystem::fat {

struct Timestamp {
  std::uint16_t date = 0;
  std::uint16_t time = 0;       ///< in steps of 2 s
  std::uint8_t hundredths = 0;  ///< 0 … 199, beyond `time`
};

/// `nanoseconds` since 1970-01-01 UTC; what lies outside of 1980 … 2107 becomes the nearest that does not.
[[nodiscard]] Timestamp to_timestamp(std::int64_t nanoseconds);
/// And back; a date of 0 is 0.
[[nodiscard]] std::int64_t to_nanoseconds(const Timestamp& timestamp);

/// An entry's times, of nanoseconds.
void set_created(DirectoryEntry& entry, std::int64_t time);
void set_modified(DirectoryEntry& entry, std::int64_t time);
void set_accessed(DirectoryEntry& entry, std::int64_t time);

}  // namespace toro::filesystem::fat
