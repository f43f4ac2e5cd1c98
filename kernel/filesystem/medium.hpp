// What a filesystem lies on: bytes that can be read and written, and made to stay.
#pragma once

#include <span>

#include "kernel/filesystem/result.hpp"

namespace toro::filesystem {

/// Calls may wait for a device. Errors: io_error, read_only; `damaged` outside of the medium.
class Medium {
 public:
  [[nodiscard]] virtual std::uint64_t size() const = 0;  ///< bytes
  [[nodiscard]] virtual bool is_read_only() const = 0;
  [[nodiscard]] virtual Result<> read(std::uint64_t offset, std::span<std::byte> to) = 0;
  [[nodiscard]] virtual Result<> write(std::uint64_t offset, std::span<const std::byte> from) = 0;
  /// What was written is there after a power cut.
  [[nodiscard]] virtual Result<> flush() = 0;

 protected:
  ~Medium() = default;
};

}  // namespace toro::filesystem
