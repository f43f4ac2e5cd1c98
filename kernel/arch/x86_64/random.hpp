// Random numbers from the processor.
#pragma once

#include <cstdint>

namespace toro::arch {

/// 64 random bits: RDSEED or RDRAND where the processor has them, else mixed from the TSC's jitter. Any context.
[[nodiscard]] std::uint64_t random_word();

}  // namespace toro::arch
