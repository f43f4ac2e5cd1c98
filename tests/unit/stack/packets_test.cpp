// The parsers of ARP, IPv4, ICMP and UDP.
#include <doctest/doctest.h>

#include "kernel/network/packets.hpp"
#include "tests/unit/stack/world.hpp"

namespace toro::inet {
namespace {

const Ipv4Address kSource{{10, 0, 0, 2}};
const Ipv4Address kDestination{{10, 0, 0, 1}};

std::vector<std::byte> ipv4(Ipv4Header header, std::vector<std::byte> rest, std::size_t header_size = 20) {
  header.checksum = 0;
  std::vector<std::byte> packet(sizeof header);
  std::memcpy(packet.data(), &header, sizeof header);
  packet.insert(packet.end(), rest.begin(), rest.end());
  if (packet.size() >= header_size) {
    const Big16 sum(checksum_of(Bytes(packet).first(header_size)));
    std::memcpy(packet.data() + 10, &sum, sizeof sum);
  }
  return packet;
}
Ipv4Header header(std::size_t length) {
  return {.length = static_cast<std::uint16_t>(length), .source = kSource, .destination = kDestination};
}

TEST_CASE("numbers are big-endian") {
  const Big32 number(0x01020304);
  CHECK_EQ(std::to_integer<int>(bytes_of(number)[0]), 1);
  CHECK_EQ(std::to_integer<int>(bytes_of(number)[3]), 4);
  CHECK_EQ(number, 0x01020304U);
  CHECK_EQ(Ipv4Address::of(0x0a000001), kDestination);
}

TEST_CASE("the checksum is that of RFC 1071's example, at any length") {
  const auto bytes = std::to_array<std::uint8_t>({0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7});
  CHECK_EQ(checksum_of(std::as_bytes(std::span(bytes))), static_cast<std::uint16_t>(~0xddf2));
  for (std::size_t size = 0; size < 64; ++size) {
    const auto data = random_bytes(size, size);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += std::to_integer<std::uint32_t>(data[i]) << (i % 2 == 0 ? 8 : 0);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    CHECK_EQ(checksum_of(data), static_cast<std::uint16_t>(~sum));
  }
}

TEST_CASE("SipHash-2-4 gives the vector of its paper") {
  std::array<std::uint8_t, 15> input;
  for (std::uint8_t i = 0; i < input.size(); ++i) input[i] = i;
  CHECK_EQ(siphash({0x0706050403020100, 0x0f0e0d0c0b0a0908}, std::as_bytes(std::span(input))), 0xa129ca6149be45e5);
}

TEST_CASE("what is wrong with an IPv4 packet is told") {
  struct Row {
    const char* what;
    std::vector<std::byte> packet;
    Drop drop;
  };
  Ipv4Header version = header(20);
  version.version_and_words = 0x65;
  Ipv4Header words = header(20);
  words.version_and_words = 0x44;
  Ipv4Header options = header(24);
  options.version_and_words = 0x46;
  const auto option = [&](std::initializer_list<std::uint8_t> bytes) {
    std::vector<std::byte> rest;
    for (const auto byte : bytes) rest.push_back(std::byte{byte});
    return ipv4(options, rest, 24);
  };
  auto damaged = ipv4(header(20), {});
  damaged[8] ^= std::byte{1};
  const Row rows[] = {
      {"nothing", {}, Drop::too_short},
      {"half a header", std::vector<std::byte>(19), Drop::too_short},
      {"version 6", ipv4(version, {}), Drop::bad_version},
      {"a header of 16 bytes", ipv4(words, {}), Drop::bad_length},
      {"a header beyond the packet", ipv4(options, {}), Drop::bad_length},
      {"longer than the frame", ipv4(header(21), {}), Drop::bad_length},
      {"shorter than its header", ipv4(header(19), {}), Drop::bad_length},
      {"a wrong checksum", damaged, Drop::bad_checksum},
      {"a source route", option({131, 4, 4, 0}), Drop::bad_option},
      {"a strict source route", option({137, 4, 4, 0}), Drop::bad_option},
      {"an option of no length", option({7, 0, 0, 0}), Drop::bad_option},
      {"an option beyond the header", option({1, 1, 7, 3}), Drop::bad_option},
      {"an option without a length", option({1, 1, 1, 7}), Drop::bad_option},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const auto parsed = parse_ipv4(row.packet);
    REQUIRE_FALSE(parsed.has_value());
    CHECK_EQ(parsed.error(), row.drop);
  }
}

TEST_CASE("an IPv4 packet's payload lies behind its options and before the padding") {
  Ipv4Header with_options = header(26);
  with_options.version_and_words = 0x46;
  auto packet =
      ipv4(with_options, {std::byte{1}, std::byte{1}, std::byte{0}, std::byte{9}, std::byte{7}, std::byte{8}}, 24);
  packet.resize(46);
  const auto parsed = parse_ipv4(packet);
  REQUIRE(parsed.has_value());
  CHECK_EQ(parsed->payload.size(), 2);
  CHECK_EQ(parsed->payload[0], std::byte{7});
  CHECK_FALSE(parsed->is_fragment());
}

TEST_CASE("a UDP datagram is checked") {
  struct Packet {
    UdpHeader header;
    std::array<std::uint8_t, 4> data{1, 2, 3, 4};
  } packet{.header = {.source = 7, .destination = 9, .length = 11}};
  Checksum sum;
  sum.add_pseudo_header(kSource, kDestination, Protocol::udp, 11);
  sum.add(bytes_of(packet).first(11));
  packet.header.checksum = sum.value();
  const auto parsed = parse_udp(kSource, kDestination, bytes_of(packet));
  REQUIRE(parsed.has_value());
  CHECK_EQ(parsed->payload.size(), 3);
  CHECK_EQ(parsed->source, Endpoint{kSource, 7});
  CHECK_EQ(parse_udp(kDestination, kDestination, bytes_of(packet)).error(), Drop::bad_checksum);
  packet.header.checksum = 0;
  CHECK(parse_udp(kDestination, kDestination, bytes_of(packet)).has_value());
  packet.header.length = 13;
  CHECK_EQ(parse_udp(kSource, kDestination, bytes_of(packet)).error(), Drop::bad_length);
  packet.header.length = 7;
  CHECK_EQ(parse_udp(kSource, kDestination, bytes_of(packet)).error(), Drop::bad_length);
  CHECK_EQ(parse_udp(kSource, kDestination, bytes_of(packet).first(7)).error(), Drop::too_short);
}

TEST_CASE("an ICMP error quotes a header and 8 bytes") {
  const auto packet = ipv4(header(28), std::vector<std::byte>(8));
  CHECK(parse_quoted(packet).has_value());
  CHECK_EQ(parse_quoted(Bytes(packet).first(27)).error(), Drop::too_short);
}

}  // namespace
}  // namespace toro::inet
