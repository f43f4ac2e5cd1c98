// How long a packet may be on its way to an address, as routers have told. [RFC 1191]
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/network/environment.hpp"

namespace toro::inet {

class PathMtu {
 public:
  static constexpr std::size_t kLeast = 576;  ///< what every host takes [RFC 1122 3.3.3]; less is not believed
  static constexpr std::uint64_t kLifetime = 600 * kSecond;  ///< [RFC 1191 6.3]

  [[nodiscard]] std::size_t of(Ipv4Address address, std::size_t otherwise, std::uint64_t now) const {
    if (now >= latest_) return otherwise;
    for (const Entry& entry : entries_)
      if (entry.address == address && entry.until > now) return std::min<std::size_t>(entry.mtu, otherwise);
    return otherwise;
  }
  /// Of a path where a packet of `sent` bytes did not fit, whose router names `told`, 0 where it does not know.
  void learn(Ipv4Address address, std::size_t sent, std::size_t told, std::uint64_t now) {
    if (told == 0) told = plateau_below(sent);
    latest_ = now + kLifetime;
    const auto mtu = static_cast<std::uint16_t>(std::clamp(told, kLeast, std::size_t{UINT16_MAX}));
    Entry* entry = &entries_[0];
    for (Entry& candidate : entries_) {
      if (candidate.address == address && candidate.until > now) {
        candidate = {address, std::min(mtu, candidate.mtu), now + kLifetime};
        return;
      }
      if (candidate.until < entry->until) entry = &candidate;
    }
    *entry = {address, mtu, now + kLifetime};
  }

 private:
  struct Entry {
    Ipv4Address address;
    std::uint16_t mtu = 0;
    std::uint64_t until = 0;
  };
  /// [RFC 1191 7.1]
  static std::size_t plateau_below(std::size_t size) {
    for (const std::size_t plateau : {32000U, 17914U, 8166U, 4352U, 2002U, 1492U, 1006U, 508U})
      if (plateau < size) return plateau;
    return kLeast;
  }
  std::array<Entry, 32> entries_{};
  std::uint64_t latest_ = 0;  ///< until when one of them holds
};

}  // namespace toro::inet
