// How an interface is to be, as text.
#include "kernel/network/configuration.hpp"

#include <utility>

namespace toro::inet {
namespace {

/// A decimal number of at most `most`, the beginning of `text`, which begins behind it afterwards.
std::optional<std::uint8_t> take_number(std::string_view& text, unsigned most) {
  unsigned value = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    value = value * 10 + static_cast<unsigned>(text[digits] - '0');
    if (value > most) return std::nullopt;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return static_cast<std::uint8_t>(value);
}

bool take(std::string_view& text, char character) {
  if (!text.starts_with(character)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Ipv4Address> take_address(std::string_view& text) {
  Ipv4Address address;
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    if (i != 0 && !take(text, '.')) return std::nullopt;
    const auto number = take_number(text, 255);
    if (!number) return std::nullopt;
    address.bytes[i] = *number;
  }
  return address;
}

}  // namespace

std::optional<Ipv4Address> parse_address(std::string_view text) {
  const auto address = take_address(text);
  return text.empty() ? address : std::nullopt;
}

std::optional<Configuration> parse_configuration(std::string_view text) {
  Configuration configuration;
  const auto address = take_address(text);
  if (!address || address->is_any() || address->is_multicast() || !take(text, '/')) return std::nullopt;
  const auto prefix = take_number(text, 32);
  if (!prefix) return std::nullopt;
  configuration.address = *address;
  configuration.prefix = *prefix;
  Ipv4Address* const places[] = {&configuration.gateway, &configuration.name_servers[0], &configuration.name_servers[1],
                                 &configuration.name_servers[2]};
  for (Ipv4Address* const place : places) {
    if (text.empty()) return configuration;
    if (!take(text, ',')) return std::nullopt;
    const auto other = take_address(text);
    if (!other) return std::nullopt;
    *place = *other;
  }
  if (!text.empty()) return std::nullopt;
  return configuration;
}

}  // namespace toro::inet
