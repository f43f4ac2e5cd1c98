// Maps the guest's memory.
#include "sdk/vsock/guest_memory.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace toro::bridge {

GuestMemory::~GuestMemory() {
  for (const Mapping& mapping : mappings_)
    if (mapping.mapped != nullptr) munmap(mapping.mapped, mapping.mapped_size);
}

void GuestMemory::map(const MemoryRegion& region, const cli::FileDescriptor& file) {
  std::uint64_t whole = 0;
  if (region.size == 0 || __builtin_add_overflow(region.size, region.offset, &whole))
    throw Violation("a region of memory has no size, or too much of it");
  void* const mapped = mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (mapped == MAP_FAILED)
    throw Violation(std::string("a region of memory cannot be mapped: ") + std::strerror(errno));
  mappings_.push_back({region, static_cast<std::byte*>(mapped) + region.offset, mapped, whole});
}

std::byte* GuestMemory::find(std::uint64_t MemoryRegion::* begin, std::uint64_t address, std::uint64_t size) const {
  for (const Mapping& mapping : mappings_) {
    const std::uint64_t offset = address - mapping.region.*begin;
    if (offset < mapping.region.size && size <= mapping.region.size - offset) return mapping.memory + offset;
  }
  throw Violation(std::to_string(size) + " bytes at " + std::to_string(address) + " are not in its memory");
}

std::byte* GuestMemory::at_guest(std::uint64_t address, std::uint64_t size) const {
  return find(&MemoryRegion::guest_address, address, size);
}

std::byte* GuestMemory::at_monitor(std::uint64_t address, std::uint64_t size) const {
  return find(&MemoryRegion::monitor_address, address, size);
}

}  // namespace toro::bridge
