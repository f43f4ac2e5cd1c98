// Random numbers from the processor.
#pragma once

#include <cstdint>

namespace toro::arch {

/// 64 random bits, from where toro::entropy_source() says. Any context.
[[nodiscard]] std::uint64_t random_word();

/// A word for fs:0x28, by which functions check that their frames were not overrun. Its lowest byte is zero, so that a
/// string neither gives it away nor restores it.
[[nodiscard]] inline std::uint64_t random_canary() {
  return random_word() & ~std::uint64_t{0xff};
}

}  // namespace toro::arch
