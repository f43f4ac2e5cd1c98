#include "gdbstub/protocol/object_reader.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace toro::gdbstub {

namespace {

using tables::Column;
using tables::Format;
using tables::From;
using tables::Place;

/// No description has more; a damaged one may say so.
constexpr std::uint64_t kMostWords = 64, kMostChecks = 8, kMostElements = 65536, kMostHolders = 4096;
constexpr std::size_t kLongestText = 64;

std::uint64_t address_of(const void* pointer) {
  return reinterpret_cast<std::uint64_t>(pointer);
}

std::uint64_t cut(std::uint64_t value, unsigned bytes) {
  return bytes >= 8 ? value : value & ((std::uint64_t{1} << (8 * bytes)) - 1);
}

void write_hexadecimal(std::uint64_t value, TextWriter& out) {
  out.text("0x");
  out.hex(value);
}

void write_ipv4(std::uint64_t value, TextWriter& out) {
  for (unsigned i = 0; i < 4; ++i) {
    if (i != 0) out.put('.');
    out.decimal(value >> 8 * i & 0xff);
  }
}

}  // namespace

void read_text(Target& target, std::uint64_t address, std::size_t most, TextWriter& out) {
  std::array<char, 32> piece;  // most names fit
  while (most != 0) {
    const std::size_t size = std::min(most, piece.size());
    const std::size_t read = target.read_memory(address, std::as_writable_bytes(std::span(piece).first(size)));
    const std::size_t length = std::string_view(piece.data(), read).find('\0');
    out.text({piece.data(), std::min(length, read)});
    if (length < read || read < size) return;
    address += size;
    most -= size;
  }
}

std::uint64_t element_count(Target& target, const tables::Rows& rows) {
  std::uint64_t count = rows.count;
  const std::uint64_t base = address_of(rows.base), end = address_of(rows.end);
  if (end != 0) count = end < base || rows.stride == 0 ? 0 : (end - base) / rows.stride;
  std::uint32_t most = 0;
  if (rows.most != nullptr && read_from(target, address_of(rows.most), most))
    count = std::min<std::uint64_t>(count, most);
  return std::min(count, kMostElements);
}

std::optional<std::uint64_t> ObjectRow::address(const Place& place) const {
  if (place.steps == 0 || place.steps > std::size(place.offsets)) return std::nullopt;
  const bool has_base = place.from == From::core || place.from == From::cores;
  if (has_base && place.base == nullptr) return std::nullopt;
  std::uint64_t at = place.from == From::outermost ? outermost_ : object_;
  if (place.from == From::cores) at = address_of(place.base) + std::uint64_t{core_} * place.stride;
  if (place.from == From::core) {
    const auto copy = target_.core_copy(core_, address_of(place.base));
    if (!copy) return std::nullopt;
    at = *copy;
  }
  for (unsigned i = 0; i + 1 < place.steps; ++i)
    if (!read_from(target_, at + place.offsets[i], at) || at == 0) return std::nullopt;
  return at + place.offsets[place.steps - 1];
}

std::optional<std::uint64_t> ObjectRow::number(const Place& place) const {
  const auto at = address(place);
  std::uint64_t value = 0;
  if (!at || place.bytes > sizeof value) return std::nullopt;
  const auto bytes = std::as_writable_bytes(std::span(&value, 1)).first(place.bytes);
  if (target_.read_memory(*at, bytes) != bytes.size()) return std::nullopt;
  return value;
}

void ObjectRow::write(const Column& column, TextWriter& out) const {
  switch (column.format) {
    case Format::row_number:
      return out.decimal(number_ + column.value.offsets[0]);
    case Format::core_number:
      return out.decimal(core_);
    case Format::decimal:
    case Format::hexadecimal:
    case Format::ipv4:
    case Format::word:
      return write_number(column, out);
    case Format::address:
      if (const auto at = address(column.value)) write_hexadecimal(*at, out);
      return;
    case Format::holder:
      return write_holder(column, out);
    case Format::constant:
      write_word(column, 0, out);
      return;
    case Format::text:
    case Format::literal:
    case Format::view:
      return write_text(column, out);
    case Format::checks:
      return write_checks(column, out);
  }
}

void ObjectRow::write_number(const Column& column, TextWriter& out) const {
  auto value = number(column.value);
  if (!value) return;
  if (const auto less = number(column.minus)) value = cut(*value - *less, column.value.bytes);
  if (column.format == Format::hexadecimal) return write_hexadecimal(*value, out);
  if (column.format == Format::ipv4) return write_ipv4(*value, out);
  if (column.format == Format::word && write_word(column, *value, out)) return;
  out.decimal(*value);
}

/// Whether there is such a word.
bool ObjectRow::write_word(const Column& column, std::uint64_t number, TextWriter& out) const {
  std::uint64_t word = 0;
  if (number >= std::min(column.words.count, kMostWords) ||
      !read_from(target_, address_of(column.words.first + number), word))
    return false;
  read_text(target_, word, kLongestText, out);
  return true;
}

void ObjectRow::write_holder(const Column& column, TextWriter& out) const {
  const auto pointer = number(column.value);
  tables::Holders holders;
  if (!pointer || !read_from(target_, address_of(column.holders), holders) || holders.rows.base == nullptr) return;
  std::uint64_t left = kMostHolders;
  each_element(target_, holders.rows, address_of(holders.rows.base), [&](std::uint64_t element, std::uint64_t number) {
    std::uint64_t object = 0;
    if (left-- == 0 || !read_from(target_, element + holders.pointer, object)) return false;
    if (object == 0 || *pointer - object >= holders.bytes) return true;
    out.decimal(number);
    return false;
  });
}

void ObjectRow::write_text(const Column& column, TextWriter& out) const {
  const auto at = address(column.value);
  if (!at) {
    if (column.format == Format::text) write_word(column, 0, out);
    return;
  }
  if (column.format == Format::text) return read_text(target_, *at, column.value.bytes, out);
  std::uint64_t view[2] = {0, kLongestText};
  if (column.format == Format::view ? !read_from(target_, *at, view) : !read_from(target_, *at, view[0])) return;
  if (view[1] == 0 && write_word(column, 0, out)) return;
  read_text(target_, view[0], std::min<std::uint64_t>(view[1], kLongestText), out);
}

bool ObjectRow::holds(const tables::Check& check) const {
  const auto claimed = number(check.claimed);
  const auto limit = number(check.limit);
  if (!claimed || !limit) return false;
  const std::uint64_t origin = number(check.origin).value_or(*limit);
  return cut(*claimed - origin, check.claimed.bytes) > cut(*limit - origin, check.claimed.bytes);
}

void ObjectRow::write_checks(const Column& column, TextWriter& out) const {
  for (std::uint64_t i = 0; i < std::min(column.checks.count, kMostChecks); ++i) {
    tables::Check check;
    if (!read_from(target_, address_of(column.checks.first + i), check)) return;
    if (holds(check)) return read_text(target_, address_of(check.says), kLongestText, out);
  }
}

}  // namespace toro::gdbstub
