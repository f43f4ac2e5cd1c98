#include "gdbstub/protocol/object_reader.hpp"

#include <algorithm>

namespace toro::gdbstub {

namespace {

using tables::Column;
using tables::Format;
using tables::From;
using tables::Place;

/// No description has more; a damaged one may say so.
constexpr std::uint64_t kMostWords = 64, kMostChecks = 8;
constexpr std::size_t kLongestText = 64;

std::uint64_t address_of(const void* pointer) {
  return reinterpret_cast<std::uint64_t>(pointer);
}

std::uint64_t cut(std::uint64_t value, unsigned bytes) {
  return bytes >= 8 ? value : value & ((std::uint64_t{1} << (8 * bytes)) - 1);
}

}  // namespace

void read_text(Target& target, std::uint64_t address, std::size_t most, TextWriter& out) {
  char character = 0;
  for (std::size_t i = 0; i < most && read_from(target, address + i, character) && character != 0; ++i)
    out.put(character);
}

std::optional<std::uint64_t> ObjectRow::address(const Place& place) const {
  if (place.steps == 0 || place.steps > std::size(place.offsets)) return std::nullopt;
  std::uint64_t at = object_;
  if (place.from != From::row && place.base == nullptr) return std::nullopt;
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
    case Format::word:
      return write_number(column, out);
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
  if (column.format == Format::hexadecimal) {
    out.text("0x");
    return out.hex(*value);
  }
  std::uint64_t word = 0;
  if (column.format == Format::word && *value < std::min(column.words.count, kMostWords) &&
      read_from(target_, address_of(column.words.first + *value), word))
    return read_text(target_, word, kLongestText, out);
  out.decimal(*value);
}

void ObjectRow::write_text(const Column& column, TextWriter& out) const {
  const auto at = address(column.value);
  if (!at) return;
  if (column.format == Format::text) return read_text(target_, *at, column.value.bytes, out);
  std::uint64_t view[2] = {0, kLongestText};
  if (column.format == Format::view ? !read_from(target_, *at, view) : !read_from(target_, *at, view[0])) return;
  std::uint64_t word = 0;
  if (view[1] == 0 && column.words.count != 0 && read_from(target_, address_of(column.words.first), word))
    return read_text(target_, word, kLongestText, out);
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
