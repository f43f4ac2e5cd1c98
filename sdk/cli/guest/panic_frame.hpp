// The lines of a panic's backtrace on the guest's console.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace toro::cli {

struct PanicFrame {
  unsigned index;  ///< 0 is where it happened, the others are return addresses
  std::uint64_t address;
};

/// Matches `  #N 0x0000000000101234` and nothing else on the line.
std::optional<PanicFrame> match_panic_frame(std::string_view line);

/// Where the image lies, from `  image at 0x8a3000`, which comes before the frames.
std::optional<std::uint64_t> match_image_place(std::string_view line);

}  // namespace toro::cli
