// The guest's memory, as the machine monitor shares it: nothing beyond it is ever touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "sdk/cli/host/file_descriptor.hpp"

namespace toro::bridge {

/// The guest does what virtio forbids, or the monitor what vhost-user does: the device ends. The text says what.
struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// [vhost-user, Memory region description]
struct MemoryRegion {
  std::uint64_t guest_address = 0;
  std::uint64_t size = 0;
  std::uint64_t monitor_address = 0;  ///< where the monitor has it
  std::uint64_t offset = 0;           ///< in the file
};

class GuestMemory {
 public:
  GuestMemory() = default;
  GuestMemory(GuestMemory&& other) noexcept : mappings_(std::exchange(other.mappings_, {})) {}
  GuestMemory& operator=(GuestMemory&& other) noexcept {
    std::swap(mappings_, other.mappings_);
    return *this;
  }
  ~GuestMemory();

  /// Throws Violation.
  void map(const MemoryRegion& region, const cli::FileDescriptor& file);
  /// For tests: memory that is there already.
  void add(const MemoryRegion& region, std::byte* memory) { mappings_.push_back({region, memory, nullptr, 0}); }

  /// `size` bytes, at an address of the guest's, or of the monitor's. Throws Violation where not all of them are within
  /// one region.
  [[nodiscard]] std::byte* at_guest(std::uint64_t address, std::uint64_t size) const;
  [[nodiscard]] std::byte* at_monitor(std::uint64_t address, std::uint64_t size) const;

 private:
  struct Mapping {
    MemoryRegion region;
    std::byte* memory;
    void* mapped;
    std::size_t mapped_size;
  };
  [[nodiscard]] std::byte* find(std::uint64_t MemoryRegion::* begin, std::uint64_t address, std::uint64_t size) const;
  std::vector<Mapping> mappings_;
};

}  // namespace toro::bridge
