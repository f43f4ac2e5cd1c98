// The ChaCha20 block function. [RFC 8439 §2.3]
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace toro {

using ChaChaKey = std::array<std::uint32_t, 8>;
using ChaChaBlock = std::array<std::uint32_t, 16>;

/// 64 bytes of key stream, for block number `counter` of nonce 0.
[[nodiscard]] constexpr ChaChaBlock chacha20_block(const ChaChaKey& key, std::uint32_t counter) {
  ChaChaBlock in{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, key[0],  key[1], key[2], key[3],
                 key[4],     key[5],     key[6],     key[7],     counter, 0,      0,      0};
  ChaChaBlock x = in;
  const auto quarter = [&x](unsigned a, unsigned b, unsigned c, unsigned d) {
    x[a] += x[b];
    x[d] = std::rotl(x[d] ^ x[a], 16);
    x[c] += x[d];
    x[b] = std::rotl(x[b] ^ x[c], 12);
    x[a] += x[b];
    x[d] = std::rotl(x[d] ^ x[a], 8);
    x[c] += x[d];
    x[b] = std::rotl(x[b] ^ x[c], 7);
  };
  constexpr int kDoubleRounds = 10;
  for (int i = 0; i < kDoubleRounds; ++i) {
    for (unsigned column = 0; column < 4; ++column) quarter(column, column + 4, column + 8, column + 12);
    for (unsigned d = 0; d < 4; ++d) quarter(d, 4 + (d + 1) % 4, 8 + (d + 2) % 4, 12 + (d + 3) % 4);
  }
  for (unsigned i = 0; i < 16; ++i) x[i] += in[i];
  return x;
}

}  // namespace toro
