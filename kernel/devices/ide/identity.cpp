// Reads what a drive says of itself.
#include "kernel/devices/ide/identity.hpp"

#include <algorithm>

namespace toro::ide {
namespace {

/// A block is moved with interrupts off.
constexpr int kMostOfBlock = 16;
constexpr std::uint64_t kSectorsOf28Bits = std::uint64_t{1} << 28, kSectorsOf48Bits = std::uint64_t{1} << 48;

class Words {
 public:
  explicit Words(std::span<const std::byte, 512> data) : data_(data) {}

  [[nodiscard]] std::uint16_t operator[](unsigned word) const {
    return static_cast<std::uint16_t>(static_cast<unsigned>(data_[2 * word]) |
                                      static_cast<unsigned>(data_[2 * word + 1]) << 8);
  }
  [[nodiscard]] bool bit(unsigned word, unsigned number) const { return ((*this)[word] >> number & 1) != 0; }
  [[nodiscard]] std::uint64_t number(unsigned word, unsigned words) const {
    std::uint64_t value = 0;
    for (unsigned i = words; i > 0; --i) value = value << 16 | (*this)[word + i - 1];
    return value;
  }
  /// Whether words 82 to 84, or 85 to 87, mean something.
  [[nodiscard]] bool is_valid(unsigned word) const { return (*this)[word] >> 14 == 1; }

 private:
  std::span<const std::byte, 512> data_;
};

/// Two characters a word, the first one in the upper half, padded with blanks.
template <std::size_t kSize>
void append_text(FixedString<kSize>& to, const Words& words, unsigned word, unsigned count) {
  char text[40];
  std::size_t length = 0;
  for (unsigned i = 0; i < 2 * count; ++i) {
    const unsigned character = words[word + i / 2] >> (i % 2 == 0 ? 8 : 0) & 0xff;
    text[length++] = character >= ' ' && character < 0x7f ? static_cast<char>(character) : ' ';
  }
  while (length > 0 && text[length - 1] == ' ') --length;
  const char* first = std::find_if(text, text + length, [](char c) { return c != ' '; });
  const std::string_view trimmed(first, static_cast<std::size_t>(text + length - first));
  if (!trimmed.empty() && !to.view().empty()) to.append(" ");
  to.append(trimmed);
}

}  // namespace

std::string_view describe(DriveError error) {
  switch (error) {
    case DriveError::absent:
      return "there is no drive";
    case DriveError::packet:
      return "it is a CD-ROM or its kind (ATAPI), which has no driver";
    case DriveError::silent:
      return "it does not answer";
    case DriveError::refused:
      return "it does not say what it is";
    case DriveError::unusable:
      return "it has no sectors of 512 bytes that are counted from 0";
  }
  return "unknown error";
}

std::expected<Identity, DriveError> read_identity(std::span<const std::byte, 512> data) {
  const Words words(data);
  constexpr unsigned kLba = 9;
  if (!words.bit(49, kLba)) return std::unexpected{DriveError::unusable};
  if (words.is_valid(106) && words.bit(106, 12)) return std::unexpected{DriveError::unusable};  // longer sectors

  Identity found;
  found.sectors = std::min(words.number(60, 2), kSectorsOf28Bits);
  if (words.is_valid(83) && words.bit(83, 10)) {
    if (const std::uint64_t sectors = words.number(100, 4); sectors != 0 && sectors <= kSectorsOf48Bits) {
      found.sectors = sectors;
      found.has_48_bit_addresses = true;
    }
  }
  if (found.sectors == 0) return std::unexpected{DriveError::unusable};

  found.block_sectors = static_cast<std::uint8_t>(std::clamp(words[47] & 0xff, 1, kMostOfBlock));
  const bool multiword_chosen = words[63] >> 8 != 0;
  const bool ultra_chosen = words.bit(53, 2) && words[88] >> 8 != 0;
  found.has_dma = words.bit(49, 8) && (multiword_chosen || ultra_chosen);
  const unsigned flush = found.has_48_bit_addresses ? 13 : 12;
  found.has_write_cache = words.is_valid(87) && words.bit(85, 5) && words.bit(86, flush);
  append_text(found.name, words, 27, 20);
  append_text(found.name, words, 10, 10);
  return found;
}

}  // namespace toro::ide
