// A disk in memory, of whatever bytes there are.
#pragma once

#include <cstdlib>
#include <cstring>
#include <vector>

#include "kernel/filesystem/medium.hpp"

namespace toro::filesystem {

class FuzzedMedium final : public Medium {
 public:
  FuzzedMedium(const std::uint8_t* data, std::size_t size) : bytes_((size + kSector - 1) / kSector * kSector) {
    std::memcpy(bytes_.data(), data, size);
  }

  [[nodiscard]] std::string_view name() const override { return "disk0"; }
  [[nodiscard]] std::uint64_t bytes() const override { return bytes_.size(); }
  [[nodiscard]] std::uint32_t sector_size() const override { return kSector; }
  [[nodiscard]] bool is_read_only() const override { return false; }
  [[nodiscard]] Result<> transfer(Direction direction, std::span<const Transfer> transfers) override {
    for (const Transfer& transfer : transfers) {
      std::uint64_t at = transfer.offset;
      for (const auto segment : transfer.segments) {
        if (at % kSector != 0 || segment.size() % kSector != 0 || at > bytes_.size() ||
            segment.size() > bytes_.size() - at)
          std::abort();  // outside of the medium
        if (direction == Direction::read)
          std::memcpy(segment.data(), bytes_.data() + at, segment.size());
        else
          std::memcpy(bytes_.data() + at, segment.data(), segment.size());
        at += segment.size();
      }
    }
    return {};
  }
  [[nodiscard]] Result<> flush() override { return {}; }
  void close() override {}

 private:
  static constexpr std::size_t kSector = 512;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace toro::filesystem
