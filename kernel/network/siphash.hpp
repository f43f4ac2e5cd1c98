// SipHash-2-4: a hash that nobody can steer who does not know the key. [Aumasson, Bernstein: SipHash, 2012]
#pragma once

#include <bit>
#include <cstdint>

#include "kernel/network/wire.hpp"

namespace toro::inet {

struct SipKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

[[nodiscard]] inline std::uint64_t siphash(const SipKey& key, Bytes bytes) {
  std::uint64_t v0 = key.low ^ 0x736f6d6570736575;
  std::uint64_t v1 = key.high ^ 0x646f72616e646f6d;
  std::uint64_t v2 = key.low ^ 0x6c7967656e657261;
  std::uint64_t v3 = key.high ^ 0x7465646279746573;
  const auto rounds = [&](int count) {
    for (; count > 0; --count) {
      v0 += v1;
      v1 = std::rotl(v1, 13) ^ v0;
      v0 = std::rotl(v0, 32);
      v2 += v3;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
  };
  const auto take = [&](std::uint64_t word) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  };
  const std::uint64_t length = bytes.size();
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) take(load<std::uint64_t>(bytes.data()));
  std::uint64_t last = length << 56;
  for (std::size_t i = 0; i < bytes.size(); ++i) last |= std::to_integer<std::uint64_t>(bytes[i]) << 8 * i;
  take(last);
  v2 ^= 0xff;
  rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}

/// Of a flow: of both addresses and ports.
[[nodiscard]] inline std::uint64_t hash_flow(const SipKey& key, Endpoint local, Endpoint remote) {
  const struct {
    Ipv4Address local;
    Ipv4Address remote;
    Big16 local_port;
    Big16 remote_port;
  } flow{local.address, remote.address, local.port, remote.port};
  return siphash(key, bytes_of(flow));
}

}  // namespace toro::inet
