// The kinds of filesystems that images with files have.
#include "kernel/filesystem/kinds.hpp"

#include <algorithm>

#include "kernel/filesystem/disk.hpp"
#include "kernel/filesystem/ext2/ext2.hpp"
#include "kernel/filesystem/fat/fat.hpp"
#include "kernel/filesystem/memory_filesystem.hpp"
#include "kernel/filesystem/shared_folder.hpp"
#include "kernel/memory/memory.hpp"

namespace toro::filesystem {
namespace {

constexpr std::string_view kNothing = "none";

Result<Opened> open_memory(std::string_view source, Access access) {
  if (source != kNothing) return failure(Error::no_device);
  auto* const made = make<MemoryFilesystem>();
  if (made == nullptr) return failure(Error::no_memory);
  return Opened{made, access};
}

/// For the blocks of one disk: an eighth of what the core has left.
std::size_t cache_bytes() {
  constexpr std::size_t kLeast = std::size_t{128} << 10;
  constexpr std::size_t kMost = std::size_t{64} << 20;
  return std::clamp(memory::page_statistics().free_bytes / 8, kLeast, kMost);
}

template <class OnDisk>
Result<Opened> open_disk(std::string_view source, Access access) {
  Medium* const disk = TRY(Disk::open(source));
  return OnDisk::open(*disk, access, cache_bytes());
}

constexpr Kind kKinds[] = {
    {"memory", open_memory},
    {"virtiofs", open_shared_folder},
    {"ext2", open_disk<ext2::Ext2>},
    {"fat", open_disk<fat::Fat>},
};

}  // namespace

std::span<const Kind> kinds() {
  return kKinds;
}

}  // namespace toro::filesystem
