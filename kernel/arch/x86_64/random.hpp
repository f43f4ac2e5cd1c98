// Random numbers from the processor.
#pragma once

#include <cstdint>

#include "kernel/include/toro/entropy.hpp"

namespace toro::arch {

/// As toro::entropy_source(), which has the board's entropy devices linked; this does not.
[[nodiscard]] EntropySource entropy_source();

/// Takes words from `word`, callable in any context, from now on, where the processor has no instruction for them: the
/// source is EntropySource::device then. Once.
void use_word_source(std::uint64_t (*word)());

/// 64 random bits, from where entropy_source() says. Any context.
[[nodiscard]] std::uint64_t random_word();

/// A word for fs:0x28, by which functions check that their frames were not overrun. Its lowest byte is zero, so that a
/// string neither gives it away nor restores it.
[[nodiscard]] inline std::uint64_t random_canary() {
  return random_word() & ~std::uint64_t{0xff};
}

}  // namespace toro::arch
