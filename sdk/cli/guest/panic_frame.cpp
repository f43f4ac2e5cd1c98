// Matches a backtrace line.
#include "sdk/cli/guest/panic_frame.hpp"

#include <charconv>

namespace toro::cli {
namespace {

template <typename Number>
bool take_number(std::string_view& text, Number& number, int base) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

std::optional<PanicFrame> match_panic_frame(std::string_view line) {
  constexpr std::size_t kAddressDigits = 16;
  while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
  if (line.ends_with(" ?")) line.remove_suffix(2);  // a frame that the kernel guessed
  if (!line.starts_with("  #")) return std::nullopt;
  line.remove_prefix(3);
  PanicFrame frame{};
  if (!take_number(line, frame.index, 10) || !line.starts_with(" 0x")) return std::nullopt;
  line.remove_prefix(3);
  if (line.size() != kAddressDigits || !take_number(line, frame.address, 16) || !line.empty()) return std::nullopt;
  return frame;
}

std::optional<std::uint64_t> match_image_place(std::string_view line) {
  constexpr std::string_view kBegin = "  image at 0x";
  if (!line.starts_with(kBegin)) return std::nullopt;
  line.remove_prefix(kBegin.size());
  std::uint64_t address = 0;
  if (!take_number(line, address, 16) || !line.empty()) return std::nullopt;
  return address;
}

}  // namespace toro::cli
