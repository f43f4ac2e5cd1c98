// Disks for tests of filesystems, made and checked by the tools of others.
#pragma once

#include <doctest/doctest.h>

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/unit/filesystem/test_medium.hpp"

namespace toro::filesystem {

struct Folder {
  Folder() {
    char name[] = "/tmp/toro-unit-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }

  std::filesystem::path path;
};

/// The exit status of a shell's command, which says nothing.
inline int run(const std::string& command) {
  const int status = std::system(("PATH=$PATH:/usr/sbin:/sbin; { " + command + "; } >/dev/null 2>&1").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

inline std::vector<std::byte> load(const std::filesystem::path& path) {
  std::vector<std::byte> content(std::filesystem::file_size(path));
  std::ifstream(path, std::ios::binary)
      .read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(content.size()));
  return content;
}

inline void save(const std::filesystem::path& path, std::span<const std::byte> content) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
}

}  // namespace toro::filesystem
