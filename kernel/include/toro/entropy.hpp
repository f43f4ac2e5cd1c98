// Where random numbers come from.
#pragma once

#include <cstdint>

namespace toro {

enum class EntropySource : std::uint8_t {
  rdseed,  ///< the processor's entropy source, conditioned; RDRAND where that is exhausted for the moment
  rdrand,  ///< the processor's generator
  jitter,  ///< how much the time varies that the same work takes: weaker, and what is left without those instructions
  none,    ///< the time does not even vary: numbers can be guessed, and getrandom() gives EAGAIN
  device,  ///< a virtio entropy device, mixed with jitter and expanded by ChaCha20: where the processor has neither
};

/// Asking for it has the board's driver for entropy devices linked, as getrandom() has. The source of this machine's
/// random numbers: getrandom()'s, the stack canaries', the heap's. Any context.
[[nodiscard]] EntropySource entropy_source();

}  // namespace toro
