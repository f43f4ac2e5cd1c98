// FAT's two names of a file.
#include "kernel/filesystem/fat/names.hpp"

#include <algorithm>

namespace toro::filesystem::fat {
namespace {

constexpr std::size_t kBase = 8;
constexpr std::uint8_t kLowerBase = 0x08;
constexpr std::uint8_t kLowerExtension = 0x10;

constexpr char16_t kCodePage437[] =
    u"ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐"
    u"└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";
static_assert(sizeof kCodePage437 == 129 * sizeof(char16_t));

constexpr bool is_forbidden(char32_t c) {
  return c < ' ' || c == 0x7f || (c < 0x80 && std::u32string_view(U"\"*/:<>?\\|").contains(c));
}
constexpr char16_t upper(char16_t c) {
  return c >= u'a' && c <= u'z' ? static_cast<char16_t>(c - u'a' + u'A') : c;
}
constexpr bool is_surrogate(char32_t c) {
  return c >= 0xd800 && c < 0xe000;
}

/// One character, which is taken off `text`; nothing where there is no UTF-8.
std::optional<char32_t> take_utf8(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xc2 ? 0
                           : first < 0xe0 ? 2
                           : first < 0xf0 ? 3
                           : first < 0xf5 ? 4
                                          : 0;
  if (size == 0 || size > text.size()) return std::nullopt;
  char32_t c = size == 1 ? first : first & (0x7fU >> size);
  for (const char next : text.substr(1, size - 1)) {
    if ((static_cast<unsigned char>(next) & 0xc0) != 0x80) return std::nullopt;
    c = c << 6 | (static_cast<unsigned char>(next) & 0x3fU);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (c < kSmallest[size] || c > 0x10ffff || is_surrogate(c)) return std::nullopt;
  text.remove_prefix(size);
  return c;
}

/// The same for UTF-16.
std::optional<char32_t> take_utf16(std::u16string_view& text) {
  const char32_t first = text.front();
  text.remove_prefix(1);
  if (!is_surrogate(first)) return first;
  if (first >= 0xdc00 || text.empty() || text.front() < 0xdc00 || text.front() >= 0xe000) return std::nullopt;
  const char32_t second = text.front();
  text.remove_prefix(1);
  return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

/// What a short name has for it; 0 for what it leaves out.
constexpr std::uint8_t short_character(char16_t c) {
  if (c == u' ' || c == u'.') return 0;
  if (c >= 0x80 || std::u16string_view(u"+,;=[]").contains(c)) return '_';
  return static_cast<std::uint8_t>(upper(c));
}

}  // namespace

std::optional<LongName> to_long_name(std::string_view utf8) {
  LongName name;
  if (utf8.empty() || utf8.back() == '.' || utf8.back() == ' ') return std::nullopt;
  while (!utf8.empty()) {
    const auto c = take_utf8(utf8);
    if (!c || is_forbidden(*c) || name.size + (*c > 0xffff ? 2 : 1) > kMostUnits) return std::nullopt;
    if (*c > 0xffff) {
      name.units[name.size++] = static_cast<char16_t>(0xd800 + ((*c - 0x10000) >> 10));
      name.units[name.size++] = static_cast<char16_t>(0xdc00 + ((*c - 0x10000) & 0x3ff));
    } else {
      name.units[name.size++] = static_cast<char16_t>(*c);
    }
  }
  return name;
}

std::optional<std::size_t> to_utf8(std::u16string_view name, std::span<char> to) {
  std::size_t size = 0;
  while (!name.empty()) {
    const auto c = take_utf16(name);
    if (!c) return std::nullopt;
    const std::size_t bytes = *c < 0x80 ? 1 : *c < 0x800 ? 2 : *c < 0x10000 ? 3 : 4;
    if (bytes > to.size() - size) return std::nullopt;
    constexpr unsigned kFirst[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (std::size_t i = 0; i < bytes; ++i) {
      const auto bits = static_cast<unsigned>(*c >> 6 * (bytes - 1 - i));
      to[size++] = static_cast<char>(bytes == 1 ? bits : i == 0 ? kFirst[bytes] | bits : 0x80 | (bits & 0x3f));
    }
  }
  return size;
}

bool same(std::u16string_view a, std::u16string_view b) {
  return std::ranges::equal(a, b, {}, upper, upper);
}

ShortText to_text(const DirectoryEntry& entry) {
  ShortText text;
  const auto append = [&](std::size_t from, std::size_t to, bool lower) {
    while (to > from && entry.name[to - 1] == ' ') --to;
    if (from == kBase && to > from) text.units[text.size++] = u'.';
    for (std::size_t i = from; i < to; ++i) {
      const std::uint8_t c = i == 0 && entry.name[0] == DirectoryEntry::kKanjiE5 ? 0xe5 : entry.name[i];
      const auto ascii = static_cast<char16_t>(lower && c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
      text.units[text.size++] = c < 0x80 ? ascii : kCodePage437[c - 0x80];
    }
  };
  append(0, kBase, (entry.lower_case & kLowerBase) != 0);
  append(kBase, entry.name.size(), (entry.lower_case & kLowerExtension) != 0);
  return text;
}

std::uint8_t checksum(const ShortName& name) {
  std::uint8_t sum = 0;
  for (const std::uint8_t c : name) sum = static_cast<std::uint8_t>((sum << 7 | sum >> 1) + c);
  return sum;
}

ShortNameBasis to_basis(std::u16string_view name) {
  ShortNameBasis basis;
  basis.is_exact = true;
  basis.name.fill(' ');
  std::size_t dot = name.rfind(u'.');
  if (dot == 0 || dot == std::u16string_view::npos) dot = name.size();
  const auto fill = [&](std::u16string_view part, std::size_t from, std::size_t to) {
    for (const char16_t c : part) {
      const std::uint8_t character = short_character(c);
      if (character != c || from == to) basis.is_exact = false;
      if (character != 0 && from < to) basis.name[from++] = character;
    }
  };
  fill(name.substr(0, dot), 0, kBase);
  if (dot < name.size()) fill(name.substr(dot + 1), kBase, basis.name.size());
  if (basis.name[0] == ' ') basis.name[0] = '_';
  return basis;
}

ShortName with_tail(const ShortName& basis, std::u16string_view long_name, unsigned salt, unsigned tail) {
  ShortName name = basis;
  auto size = static_cast<std::size_t>(std::find(basis.begin(), basis.begin() + kBase, ' ') - basis.begin());
  size = std::min(size, salt == 0 ? kBase - 2 : kBase - 6);
  if (salt != 0) {
    std::uint32_t hash = salt;
    for (const char16_t c : long_name) hash = (hash ^ upper(c)) * 16777619U;  // FNV
    hash ^= hash >> 16;
    for (unsigned shift = 16; shift != 0;)
      name[size++] = static_cast<std::uint8_t>("0123456789ABCDEF"[hash >> (shift -= 4) & 15]);
  }
  name[size++] = '~';
  name[size++] = static_cast<std::uint8_t>('0' + tail);
  return name;
}

}  // namespace toro::filesystem::fat
