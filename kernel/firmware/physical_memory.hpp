// How the parsers of firmware tables reach memory: by a function of their caller, so that they run anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <span>

#include "kernel/firmware/error.hpp"

namespace toro::firmware {

using Bytes = std::span<const std::byte>;

/// Longer tables are refused: it bounds the time that reading one takes.
inline constexpr std::size_t kLargestTable = std::size_t{1} << 20;

/// Physical memory, as far as the caller can show it.
struct PhysicalMemory {
  void* context = nullptr;
  /// The `length` > 0 bytes from `address` on, or an empty span where they cannot be read; the end does not wrap. A
  /// span in the first MiB must stay good, any other until the next call: a window that moves is enough.
  Bytes (*view)(void* context, std::uint64_t address, std::size_t length) = nullptr;

  /// Address 0 is where no table is: pointers to nothing are zero.
  [[nodiscard]] std::expected<Bytes, Error> read(std::uint64_t address, std::size_t length) const {
    if (address == 0 || length == 0 || address > std::numeric_limits<std::uint64_t>::max() - length)
      return std::unexpected{Error::unreachable};
    const Bytes bytes = view(context, address, length);
    if (bytes.size() != length) return std::unexpected{Error::unreachable};
    return bytes;
  }
};

/// The structure at the start of `bytes`, which need not be aligned. Fields beyond their end are zero: tables of older
/// revisions are shorter.
template <class T>
[[nodiscard]] T load(Bytes bytes) {
  T value{};
  if (bytes.size() >= sizeof value) {
    __builtin_memcpy(&value, bytes.data(), sizeof value);
  } else if (!bytes.empty()) {
    __builtin_memcpy(&value, bytes.data(), bytes.size());
  }
  return value;
}

[[nodiscard]] inline bool sums_to_zero(Bytes bytes) {
  unsigned sum = 0;
  for (const std::byte byte : bytes) sum += static_cast<unsigned>(byte);
  return (sum & 0xff) == 0;
}

}  // namespace toro::firmware
