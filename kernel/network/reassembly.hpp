// Puts the fragments of IPv4 packets together, in bounded memory. [RFC 791 3.2, RFC 815, RFC 5722]
#pragma once

#include <array>

#include "kernel/network/environment.hpp"
#include "kernel/network/packets.hpp"
#include "kernel/network/timers.hpp"

namespace toro::inet {

class Reassembly {
 public:
  static constexpr std::size_t kMostPackets = 8;  ///< at once; the oldest goes first
  static constexpr std::size_t kMostRanges = 64;  ///< of one packet
  static constexpr std::size_t kMostPayload = 65535 - sizeof(Ipv4Header);
  static constexpr std::uint64_t kLifetime = 30 * kSecond;

  Reassembly(Environment& environment, TimerQueue& timers);
  ~Reassembly();
  Reassembly(const Reassembly&) = delete;
  Reassembly& operator=(const Reassembly&) = delete;

  /// Takes a fragment in. The whole packet's payload when it is the last one that was missing, valid until the next
  /// call; empty when some are missing. What came twice counts once; a packet whose fragments overlap in another way is
  /// forgotten: they may be forged.
  [[nodiscard]] Parsed<Bytes> input(const Ipv4Packet& packet);

  [[nodiscard]] std::size_t size() const;

 private:
  struct Range {
    std::uint32_t begin;
    std::uint32_t end;
  };
  struct Partial {
    Reassembly* owner = nullptr;
    std::byte* memory = nullptr;  ///< null: free
    std::size_t capacity = 0;
    Ipv4Header header;
    std::size_t size = 0;  ///< of the whole payload; 0 while the last fragment has not come
    std::array<Range, kMostRanges> ranges{};
    std::size_t range_count = 0;
    std::uint64_t began = 0;
    Timer timer{this, [](void* partial) { forget(*static_cast<Partial*>(partial)); }};
  };

  [[nodiscard]] Partial* find(const Ipv4Header& header);
  [[nodiscard]] Partial& take(const Ipv4Header& header);
  [[nodiscard]] static bool has(const Partial& partial, Range range);
  [[nodiscard]] static bool add(Partial& partial, Range range);
  [[nodiscard]] static bool reserve(Partial& partial, std::size_t size);
  static void forget(Partial& partial);

  Environment& environment_;
  TimerQueue& timers_;
  std::array<Partial, kMostPackets> partials_;
  std::byte* last_ = nullptr;  ///< what the latest whole packet lies in
};

}  // namespace toro::inet
