// How an interface is to be: its address, and who else is there.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "kernel/network/wire.hpp"

namespace toro::inet {

struct Configuration {
  Ipv4Address address{};
  std::uint8_t prefix = 0;  ///< bits of the address that the neighbours have in common
  Ipv4Address gateway{};    ///< any: there is none
  std::array<Ipv4Address, 3> name_servers{};

  [[nodiscard]] std::uint32_t mask() const { return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix); }
  [[nodiscard]] bool is_neighbour(Ipv4Address other) const { return ((other.value() ^ address.value()) & mask()) == 0; }
  [[nodiscard]] Ipv4Address broadcast() const { return Ipv4Address::of(address.value() | ~mask()); }

  constexpr bool operator==(const Configuration&) const = default;
};

/// "10.0.2.15". Nothing where the text is another.
[[nodiscard]] std::optional<Ipv4Address> parse_address(std::string_view text);
/// ADDRESS/PREFIX[,GATEWAY[,NAME SERVER]...]
[[nodiscard]] std::optional<Configuration> parse_configuration(std::string_view text);

}  // namespace toro::inet
