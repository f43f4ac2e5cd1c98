// Files that the image carries: toro_add_application(... FILES DIRECTORY) makes the table.
#pragma once

#include <cstddef>

namespace toro::filesystem {

struct ArchivedFile {
  const char* path;
  const std::byte* content;
  std::size_t size;
};

}  // namespace toro::filesystem

extern "C" [[gnu::weak]] const toro::filesystem::ArchivedFile toro_archive_begin[];
extern "C" [[gnu::weak]] const toro::filesystem::ArchivedFile toro_archive_end[];
