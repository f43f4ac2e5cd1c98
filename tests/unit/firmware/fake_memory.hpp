// Physical memory for the parsers of firmware tables, out of pieces of dumps or of any bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "kernel/firmware/physical_memory.hpp"

namespace toro::firmware::test {

/// Of the first MiB every byte can be read, and is zero where no piece lies; above it only what is within one piece.
/// Each span is a copy in an allocation of its own, so that the address sanitizer guards both its ends; above the first
/// MiB it is gone with the next call, as the contract of PhysicalMemory allows.
class FakeMemory {
 public:
  FakeMemory() = default;

  /// An image is pieces one after the other: address (4 bytes), length (2), checksum (1), zero (1), and the bytes, all
  /// little endian. Where checksum is not 0, the byte at that offset is set so that the piece sums to zero: a fuzzer's
  /// changes get past the checksums. What is cut off at the end is not there.
  explicit FakeMemory(std::vector<std::uint8_t> image) {
    std::size_t at = 0;
    while (image.size() - at >= 8) {
      std::uint32_t address;
      std::uint16_t length;
      std::memcpy(&address, &image[at], sizeof address);
      std::memcpy(&length, &image[at + 4], sizeof length);
      const std::size_t checksum = image[at + 6];
      at += 8;
      const std::size_t end = std::min(at + length, image.size());
      std::vector<std::uint8_t> bytes(image.begin() + static_cast<std::ptrdiff_t>(at),
                                      image.begin() + static_cast<std::ptrdiff_t>(end));
      if (checksum != 0) fix(bytes, checksum);
      put(address, std::move(bytes));
      at = end;
    }
  }

  void put(std::uint64_t address, std::vector<std::uint8_t> bytes) {
    if (!bytes.empty()) pieces_.push_back({address, std::move(bytes)});
  }

  /// Sets the byte at `offset` so that all of `bytes` sum to zero.
  static void fix(std::vector<std::uint8_t>& bytes, std::size_t offset) {
    if (offset >= bytes.size()) return;
    unsigned sum = 0;
    for (const std::uint8_t byte : bytes) sum += byte;
    bytes[offset] = static_cast<std::uint8_t>(bytes[offset] - sum);
  }

  [[nodiscard]] PhysicalMemory reader() {
    return {this, [](void* self, std::uint64_t address, std::size_t length) {
              return static_cast<FakeMemory*>(self)->view(address, length);
            }};
  }

  [[nodiscard]] std::size_t views() const { return views_; }

 private:
  struct Piece {
    std::uint64_t address;
    std::vector<std::uint8_t> bytes;
  };

  static constexpr std::uint64_t kLow = std::uint64_t{1} << 20;

  Bytes view(std::uint64_t address, std::size_t length) {
    const auto covers = [&](const Piece& piece) {
      return address >= piece.address && address - piece.address <= piece.bytes.size() &&
             length <= piece.bytes.size() - (address - piece.address);
    };
    const auto whole = std::ranges::find_if(pieces_, covers);
    if (whole == pieces_.end() && (address >= kLow || length > kLow - address)) return {};
    auto copy = std::make_unique<std::byte[]>(length);
    if (whole != pieces_.end()) {
      std::memcpy(copy.get(), whole->bytes.data() + (address - whole->address), length);
    } else {
      for (const Piece& piece : pieces_) {
        const std::uint64_t begin = std::max(address, piece.address);
        const std::uint64_t end = std::min(address + length, piece.address + piece.bytes.size());
        if (begin < end) std::memcpy(copy.get() + (begin - address), &piece.bytes[begin - piece.address], end - begin);
      }
    }
    ++views_;
    high_view_.reset();
    std::unique_ptr<std::byte[]>& keep = address < kLow ? low_views_.emplace_back() : high_view_;
    keep = std::move(copy);
    return {keep.get(), length};
  }

  std::vector<Piece> pieces_;
  std::vector<std::unique_ptr<std::byte[]>> low_views_;
  std::unique_ptr<std::byte[]> high_view_;
  std::size_t views_ = 0;
};

}  // namespace toro::firmware::test
