// How the kernel describes its objects to debuggers: as data in the image, which the stub, or a reader of a memory
// dump, goes by. Nothing of it runs in the guest.
#pragma once

#include <cstddef>
#include <cstdint>

namespace toro::tables {

enum class From : std::uint8_t {
  row,    ///< the row's object
  core,   ///< the copy of `base`, a per-core variable, of the row's core
  cores,  ///< the element of the array `base` that belongs to the row's core
};

/// Where a number lies: `offsets[0]` bytes behind what `from` says; with more steps, the pointer there is followed, and
/// the number lies `offsets[1]` bytes behind what it points to, and so on.
struct Place {
  From from = From::row;
  std::uint8_t steps = 0;    ///< 0: no such place; at most 3
  std::uint16_t bytes = 8;   ///< 1, 2, 4 or 8; of text, the most characters
  std::uint32_t stride = 0;  ///< of From::cores: bytes of an element
  std::uint32_t offsets[3] = {};
  const void* base = nullptr;
};

/// Bytes `bytes` at `offset` of the row's object.
constexpr Place at(std::size_t offset, std::size_t bytes) {
  return {.steps = 1, .bytes = static_cast<std::uint16_t>(bytes), .offsets = {static_cast<std::uint32_t>(offset)}};
}
/// Bytes `bytes` at `offset` of what the pointer at `pointer` of the row's object points to.
constexpr Place behind(std::size_t pointer, std::size_t offset, std::size_t bytes) {
  return {.steps = 2,
          .bytes = static_cast<std::uint16_t>(bytes),
          .offsets = {static_cast<std::uint32_t>(pointer), static_cast<std::uint32_t>(offset)}};
}
/// The same with a second pointer, `second` bytes behind what the first points to.
constexpr Place behind(std::size_t pointer, std::size_t second, std::size_t offset, std::size_t bytes) {
  Place place = behind(pointer, second, bytes);
  place.steps = 3;
  place.offsets[2] = static_cast<std::uint32_t>(offset);
  return place;
}
/// The same in the row's core's copy of a per-core variable.
constexpr Place of_core(const void* variable, Place place) {
  place.from = From::core;
  place.base = variable;
  return place;
}
/// The same in the element of an array with one for each core.
constexpr Place of_cores(const void* array, std::size_t stride, Place place) {
  place.from = From::cores;
  place.base = array;
  place.stride = static_cast<std::uint32_t>(stride);
  return place;
}

/// Pointer and length, laid out alike wherever it is read.
template <class T>
struct List {
  const T* first = nullptr;
  std::uint64_t count = 0;

  constexpr List() = default;
  template <std::size_t size>
  constexpr List(const T (&array)[size]) : first(array), count(size) {}
};

/// A contradiction between two who count the same: `claimed` is beyond `limit`, both counted from `origin` and modulo
/// the width of `claimed`. Without an origin, wherever the two differ.
struct Check {
  Place claimed;
  Place limit;
  Place origin;
  const char* says;
};

enum class Format : std::uint8_t {
  decimal,
  hexadecimal,
  text,         ///< characters in place, up to a zero
  literal,      ///< a pointer to such characters
  view,         ///< pointer and length of characters; where that is 0, the first of `words`, if any
  word,         ///< a number that `words` names
  row_number,   ///< of the row in its array, plus `offsets[0]` of `value`
  core_number,  ///< of the row's core
  checks,       ///< what the first of `checks` says that holds; empty where none does
};

struct Column {
  const char* name;
  Format format = Format::decimal;
  Place value = {};
  Place minus = {};  ///< taken from the value, modulo its width
  List<const char*> words = {};
  List<Check> checks = {};
};

enum class Shape : std::uint8_t {
  objects,   ///< an array of them
  pointers,  ///< an array of pointers to them
  linked,    ///< each with a pointer to the next
  chunks,    ///< an array of pointers, some of them null, to arrays of `per_chunk` of them
};

struct Rows {
  Shape shape = Shape::objects;
  bool each_core = false;               ///< `base` is a per-core variable
  std::uint32_t stride = 0;             ///< bytes of an element; of Shape::linked, where in it the pointer lies
  const void* base = nullptr;           ///< null: the image has none of these objects
  Place first = {};                     ///< of Shape::linked: the pointer to the first, from `base` as a row
  std::uint32_t count = 1;              ///< of elements
  std::uint32_t per_chunk = 0;          ///< of Shape::chunks
  const void* end = nullptr;            ///< if not null, where they end, instead of `count`
  const std::uint32_t* most = nullptr;  ///< if not null, what bounds `count`
  Place only_where = {};                ///< rows where this is 0 are left out
};

struct Table {
  const char* name;  ///< one word
  const char* title;
  const char* about;  ///< a sentence
  Rows rows;
  List<Column> columns;
};

}  // namespace toro::tables

/// Registers a table that this file defines. It is read in images that carry the debugger's stub.
#define TORO_OBJECT_TABLE(variable)                                                                                    \
  [[gnu::used, gnu::section(".toro_object_tables")]] static const ::toro::tables::Table* const variable##_registered = \
      &variable
