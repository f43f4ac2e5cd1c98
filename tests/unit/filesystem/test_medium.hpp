// A disk in memory, and what filesystems report.
#pragma once

#include <cstring>
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

}  // namespace toro::filesystem
