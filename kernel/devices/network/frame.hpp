// Frames between a driver and who uses its device: those received, without a copy, and those to be sent.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "kernel/devices/network/buffer_pool.hpp"

namespace toro::network {

inline constexpr std::size_t kHeaderSize = 14;  // destination, source, type [IEEE 802.3 3.1.1]
inline constexpr std::size_t kTagSize = 4;      // [IEEE 802.1Q 9.3]
inline constexpr std::size_t kShortestFrame = 60;
inline constexpr std::size_t kUsualMtu = 1500;

/// What device and driver can do in the stack's place. A set: those offered, wanted, agreed.
struct Offloads {
  bool transmit_checksum = false;  ///< Transmit::Checksum
  bool receive_checksum = false;   ///< Frame::Checksum other than unknown
  bool segmentation_v4 = false;    ///< Transmit::Segmentation of TCP over IPv4, with transmit_checksum
  bool segmentation_v6 = false;
  bool merging = false;  ///< received frames may be TCP segments put together, up to 64 KiB, with receive_checksum

  friend constexpr Offloads operator&(const Offloads& a, const Offloads& b) {
    return {.transmit_checksum = a.transmit_checksum && b.transmit_checksum,
            .receive_checksum = a.receive_checksum && b.receive_checksum,
            .segmentation_v4 = a.segmentation_v4 && b.segmentation_v4,
            .segmentation_v6 = a.segmentation_v6 && b.segmentation_v6,
            .merging = a.merging && b.merging};
  }
  constexpr bool operator==(const Offloads&) const = default;
};

enum class Segmentation : std::uint8_t { none, tcp_v4, tcp_v6 };

/// A checksum that covers all from `start` on and lies at `start + offset`, where the pseudo header's sum stands.
struct PartialChecksum {
  std::uint16_t start = 0;
  std::uint16_t offset = 0;
};

/// A received frame: a view of the buffers that the device filled, which go back to their pool with it. On the device's
/// core.
class Frame {
 public:
  enum class Checksum : std::uint8_t {
    unknown,
    verified,
    partial,  ///< never computed, for the frame comes from this machine: its data are good, see partial()
  };
  struct Description {
    Checksum checksum = Checksum::unknown;
    PartialChecksum partial{};
    Segmentation segmentation = Segmentation::none;  ///< other than none: several segments in one
    std::uint16_t segment_size = 0;                  ///< payload of each but the last
  };

  static constexpr std::size_t kMostParts = (65'535 + kHeaderSize + kTagSize) / kBufferSize + 2;

  /// No frame.
  constexpr Frame() = default;
  /// `first` and what follows it came from `pool`; together they have `size` bytes.
  Frame(BufferPool& pool, Buffer& first, std::size_t size, const Description& description)
      : pool_(&pool), first_(&first), size_(size), description_(description) {}
  Frame(Frame&& other) noexcept { swap(other); }
  Frame& operator=(Frame&& other) noexcept {
    Frame old(std::move(other));
    swap(old);
    return *this;
  }
  ~Frame() {
    if (pool_ != nullptr) pool_->give_chain(first_);
  }

  [[nodiscard]] explicit operator bool() const { return first_ != nullptr; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// The parts, in order, at most kMostParts: `for (const Buffer* part = frame.first(); part != nullptr; part =
  /// part->next)`. At least the Ethernet header lies in the first one.
  [[nodiscard]] const Buffer* first() const { return first_; }
  [[nodiscard]] const Description& description() const { return description_; }

  /// Copies the frame to `to`, which is at least as long.
  void copy_to(std::span<std::byte> to) const {
    for (const Buffer* part = first_; part != nullptr; part = part->next) {
      std::ranges::copy(part->part(), to.begin());
      to = to.subspan(part->length);
    }
  }

 private:
  void swap(Frame& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(first_, other.first_);
    std::swap(size_, other.size_);
    std::swap(description_, other.description_);
  }

  BufferPool* pool_ = nullptr;
  Buffer* first_ = nullptr;
  std::size_t size_ = 0;
  Description description_;
};

/// Told when a device reads a frame no more. On the device's core, in a thread, with interrupts off; must not send.
struct Completion {
  void (*done)(Completion& self) = nullptr;
};

/// A frame to be sent. Its parts belong to the device until `completion` is told.
struct Transmit {
  static constexpr std::size_t kMostParts = 20;

  std::span<const std::span<const std::byte>> parts{};  ///< none empty; the first one holds the Ethernet header
  /// Bytes in front of the first part that the driver may overwrite: with kHeadroom it needs no descriptor for its own.
  std::size_t headroom = 0;
  bool has_partial_checksum = false;
  PartialChecksum partial{};
  Segmentation segmentation = Segmentation::none;  ///< with has_partial_checksum
  std::uint16_t segment_size = 0;
  std::uint16_t header_length = 0;  ///< with segmentation: Ethernet, IP and TCP headers
  Completion* completion = nullptr;

  [[nodiscard]] std::size_t size() const {
    std::size_t sum = 0;
    for (const auto& part : parts) sum += part.size();
    return sum;
  }
  /// Copies the parts to `to`; the byte behind.
  std::byte* copy_to(std::byte* to) const {
    for (const auto& part : parts) to = std::ranges::copy(part, to).out;
    return to;
  }
  /// The same frame in other memory, which `room` bytes that are free lie in front of.
  [[nodiscard]] Transmit in(const std::span<const std::byte>& part, std::size_t room, Completion& told) const {
    Transmit moved = *this;
    moved.parts = std::span(&part, 1);
    moved.headroom = room;
    moved.completion = &told;
    return moved;
  }
};
inline constexpr std::size_t kHeadroom = 16;

}  // namespace toro::network
