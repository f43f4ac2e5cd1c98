// Disks in memory for tests of filesystems, made and checked by the tools of others.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "kernel/filesystem/medium.hpp"

namespace toro::filesystem {

/// A disk in memory, whose errors a test chooses.
class TestMedium final : public Medium {
 public:
  explicit TestMedium(std::vector<std::byte> content) : content(std::move(content)) {}

  [[nodiscard]] std::string_view name() const override { return "disk0"; }
  [[nodiscard]] std::uint64_t bytes() const override { return content.size(); }
  [[nodiscard]] std::uint32_t sector_size() const override { return 512; }
  [[nodiscard]] bool is_read_only() const override { return read_only; }
  [[nodiscard]] Result<> transfer(Direction direction, std::span<const Transfer> transfers) override {
    if (transfers.size() > kMostTransfers) return failure(Error::invalid);
    bool failed = false;
    for (const Transfer& transfer : transfers) {
      std::uint64_t at = transfer.offset;
      const bool fails = direction == Direction::read ? fail_reads : fail_writes;
      for (const auto segment : transfer.segments) {
        if (at % 512 != 0 || segment.size() % 512 != 0 || at > content.size() || segment.size() > content.size() - at) {
          ++out_of_range;
          return failure(Error::io_error);
        }
        if (fails && at <= fail_at && fail_at < at + segment.size())
          failed = true;
        else if (direction == Direction::read)
          std::memcpy(segment.data(), content.data() + at, segment.size());
        else
          std::memcpy(content.data() + at, segment.data(), segment.size());
        at += segment.size();
      }
    }
    ++(direction == Direction::read ? reads : writes);
    if (failed) return failure(Error::io_error);
    return {};
  }
  [[nodiscard]] Result<> flush() override {
    ++flushes;
    return {};
  }
  void close() override { ++closed; }

  std::vector<std::byte> content;
  bool read_only = false;
  bool fail_reads = false, fail_writes = false;
  std::uint64_t fail_at = 0;
  unsigned reads = 0, writes = 0, flushes = 0, closed = 0, out_of_range = 0;
};

/// What was reported since a test began.
extern std::vector<std::string> reports;

struct Folder {
  Folder() {
    char name[] = "/tmp/toro-unit-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }

  std::filesystem::path path;
};

inline int run(const std::string& command) {
  return std::system(("PATH=$PATH:/usr/sbin:/sbin; { " + command + "; } >/tmp/toro-unit-last-output 2>&1").c_str());
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
