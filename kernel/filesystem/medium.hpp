// What a filesystem of a disk lies on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/filesystem/result.hpp"

namespace toro::filesystem {

/// Some bytes of a medium, and where they come from or go to: all are whole numbers of sectors.
struct Transfer {
  std::uint64_t offset = 0;                          ///< bytes
  std::span<const std::span<std::byte>> segments{};  ///< in order
};

enum class Direction : std::uint8_t { read, write };

/// A disk, or what stands for one in a test. Threads of one core, one call at a time.
class Medium {
 public:
  static constexpr std::size_t kMostTransfers = 16;

  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;
  [[nodiscard]] virtual std::uint32_t sector_size() const = 0;
  [[nodiscard]] virtual bool is_read_only() const = 0;
  /// Up to kMostTransfers at once, which do not overlap; `io_error` when any of them failed.
  [[nodiscard]] virtual Result<> transfer(Direction direction, std::span<const Transfer> transfers) = 0;
  /// What was written is there for ever.
  [[nodiscard]] virtual Result<> flush() = 0;
  /// Nobody uses it any more.
  virtual void close() = 0;

 protected:
  ~Medium() = default;
};

}  // namespace toro::filesystem
