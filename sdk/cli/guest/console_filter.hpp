// The guest's console on its way to the user: bytes pass at once, a panic's backtrace gets its symbols.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "sdk/cli/guest/panic_frame.hpp"

namespace toro::cli {

class ConsoleFilter {
 public:
  /// `describe` gives the words for a frame, whose address is as in the ELF file, or an empty string.
  explicit ConsoleFilter(std::function<std::string(PanicFrame)> describe) : describe_(std::move(describe)) {}

  /// Returns what to show for `bytes`: all of them, with words added before the end of a backtrace line.
  std::string push(std::string_view bytes);

 private:
  static constexpr std::size_t kLongestLine = 80;
  static constexpr std::uint64_t kImageLinkedAt = 0x100000;  // sdk/toolchain/toro.ld

  std::function<std::string(PanicFrame)> describe_;
  std::string line_;
  std::uint64_t distance_ = 0;  ///< from where the image was linked to where the guest says that it is
};

}  // namespace toro::cli
