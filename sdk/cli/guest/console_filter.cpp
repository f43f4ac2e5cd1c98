// Adds symbols to backtrace lines in a stream of bytes.
#include "sdk/cli/guest/console_filter.hpp"

namespace toro::cli {

std::string ConsoleFilter::push(std::string_view bytes) {
  std::string shown;
  shown.reserve(bytes.size());
  for (char c : bytes) {
    // The end of a line, "\r\n" or "\n", is when it is known whether something belongs before it.
    if (c == '\r' || c == '\n') {
      if (auto frame = match_panic_frame(line_)) {
        frame->address -= distance_;
        if (auto words = describe_(*frame); !words.empty()) shown += ' ' + words;
      } else if (auto place = match_image_place(line_)) {
        distance_ = *place - kImageLinkedAt;
      }
      line_.clear();
    } else if (line_.size() <= kLongestLine) {
      line_ += c;
    }
    shown += c;
  }
  return shown;
}

}  // namespace toro::cli
