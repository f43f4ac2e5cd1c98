// Parses the virtio_mmio.device parameters of the kernel command line.
#include "kernel/devices/virtio/mmio_discovery.hpp"

#include <expected>
#include <limits>
#include <optional>

namespace toro::virtio {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kParameter = "virtio_mmio.device="sv;
constexpr std::uint64_t kLargestIrq = 1023;
constexpr std::uint64_t kLargestBlock = std::uint64_t{1} << 30;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

std::optional<unsigned> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

// Takes a number off the front: hexadecimal after 0x, else decimal.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  unsigned base = 10;
  if (text.starts_with("0x"sv) || text.starts_with("0X"sv)) {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint64_t value = 0;
  bool any = false;
  while (!text.empty()) {
    const std::optional<unsigned> next = digit(text.front());
    if (!next || *next >= base) break;
    if (value > (std::numeric_limits<std::uint64_t>::max() - *next) / base) return std::nullopt;
    value = value * base + *next;
    any = true;
    text.remove_prefix(1);
  }
  if (!any) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> take_size(std::string_view& text) {
  const std::optional<std::uint64_t> number = take_number(text);
  if (!number || text.empty()) return number;
  unsigned shift = 0;
  if (text.front() == 'K' || text.front() == 'k') shift = 10;
  if (text.front() == 'M' || text.front() == 'm') shift = 20;
  if (shift == 0) return number;
  text.remove_prefix(1);
  if (*number > std::numeric_limits<std::uint64_t>::max() >> shift) return std::nullopt;
  return *number << shift;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<MmioDevice> parse(std::string_view text) {
  const std::optional<std::uint64_t> size = take_size(text);
  if (!size || !take(text, '@')) return std::nullopt;
  const std::optional<std::uint64_t> base = take_number(text);
  if (!base || !take(text, ':')) return std::nullopt;
  const std::optional<std::uint64_t> irq = take_number(text);
  if (!irq) return std::nullopt;
  if (take(text, ':') && !take_number(text)) return std::nullopt;
  if (!text.empty()) return std::nullopt;

  if (*size < kSmallestMmioBlock || *size > kLargestBlock) return std::nullopt;
  if (*base == 0 || *base % 4 != 0 || *base > std::numeric_limits<std::uint64_t>::max() - *size) return std::nullopt;
  if (*irq > kLargestIrq) return std::nullopt;
  return MmioDevice{.base = *base, .size = *size, .irq = static_cast<std::uint32_t>(*irq)};
}

bool overlaps(const MmioDevice& a, const MmioDevice& b) {
  return a.base < b.base + b.size && b.base < a.base + a.size;
}

bool overlaps_any(const MmioDevice& device, std::span<const MmioDevice> others) {
  for (const MmioDevice& other : others) {
    if (overlaps(device, other)) return true;
  }
  return false;
}

// Takes the next word off the front; empty at the end.
std::string_view take_word(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  std::size_t length = 0;
  while (length < text.size() && !is_blank(text[length])) ++length;
  const std::string_view word = text.substr(0, length);
  text.remove_prefix(length);
  return word;
}

}  // namespace

MmioDiscovery find_mmio_devices(std::string_view command_line, std::span<MmioDevice> devices) {
  MmioDiscovery result;
  for (std::string_view word = take_word(command_line); !word.empty(); word = take_word(command_line)) {
    if (!is_mmio_device_parameter(word)) continue;
    const std::optional<MmioDevice> device = parse(word.substr(kParameter.size()));
    if (!device || overlaps_any(*device, devices.first(result.found))) {
      ++result.malformed;
    } else if (result.found == devices.size()) {
      ++result.omitted;
    } else {
      devices[result.found++] = *device;
    }
  }
  return result;
}

bool is_mmio_device_parameter(std::string_view word) {
  return word.starts_with(kParameter);
}

}  // namespace toro::virtio
