// The kinds of filesystems that images with files have.
#include "kernel/filesystem/kinds.hpp"

#include "kernel/filesystem/memory_filesystem.hpp"

namespace toro::filesystem {
namespace {

constexpr std::string_view kNothing = "none";

Result<Opened> open_memory(std::string_view source, Access access) {
  if (source != kNothing) return failure(Error::invalid);
  auto* const made = make<MemoryFilesystem>();
  if (made == nullptr) return failure(Error::no_memory);
  return Opened{made, access};
}

constexpr Kind kKinds[] = {
    {"memory", open_memory},
};

}  // namespace

std::span<const Kind> kinds() {
  return kKinds;
}

}  // namespace toro::filesystem
