// How the kernel describes its objects to debuggers: as data in the image, which the stub, or a reader of a memory
// dump, goes by. Nothing of it runs in the guest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace toro::tables {

enum class From : std::uint8_t {
  row,        ///< the row's object
  outermost,  ///< the object that the row lies in, by the outermost of Rows::within
  core,       ///< the copy of `base`, a per-core variable, of the row's core
  cores,      ///< the element of the array `base` that belongs to the row's core
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
/// The same in what the row lies in.
constexpr Place of_outermost(Place place) {
  place.from = From::outermost;
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
  template <std::size_t size>
  constexpr List(const std::array<T, size>& array) : first(array.data()), count(size) {}
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
  ipv4,         ///< four bytes [RFC 791 3.1]
  text,         ///< characters in place, up to a zero; where there is no such place, the first of `words`, if any
  literal,      ///< a pointer to such characters
  view,         ///< pointer and length of characters; where that is 0, the first of `words`, if any
  word,         ///< a number that `words` names
  constant,     ///< the first of `words`
  address,      ///< of the place itself
  holder,       ///< a pointer into an object: the number of the element of `holders` that points to this object
  row_number,   ///< of the row in its array, plus `offsets[0]` of `value`
  core_number,  ///< of the row's core
  checks,       ///< what the first of `checks` says that holds; empty where none does
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
  const void* base = nullptr;           ///< null, and not `within` others: the image has none of these objects
  const Rows* within = nullptr;         ///< if not null, in each of those in place of `base`; three deep at most
  Place first = {};                     ///< from there: of Shape::linked the pointer to the first, else the array
  std::uint32_t count = 1;              ///< of elements
  std::uint32_t per_chunk = 0;          ///< of Shape::chunks
  const void* end = nullptr;            ///< if not null, where they end, instead of `count`
  const std::uint32_t* most = nullptr;  ///< if not null, what bounds `count`
  Place only_where = {};                ///< rows where this is 0 are left out
};

/// Elements that point to objects.
struct Holders {
  Rows rows;                  ///< not linked; without a base the image has none
  std::uint32_t pointer = 0;  ///< where in an element that lies
  std::uint32_t bytes = 0;    ///< of an object
};

struct Column {
  const char* name;
  Format format = Format::decimal;
  Place value = {};
  Place minus = {};  ///< taken from the value, modulo its width
  List<const char*> words = {};
  List<Check> checks = {};
  const Holders* holders = nullptr;
};

struct Table {
  const char* name = nullptr;  ///< one word
  const char* title = nullptr;
  const char* about = nullptr;  ///< a sentence
  Rows rows;
  List<Column> columns;
  const Table* more = nullptr;  ///< whose rows follow, by columns of the same names; has no name
};

}  // namespace toro::tables

/// Registers a table, which is read in images that carry the debugger's stub.
#define TORO_OBJECT_TABLE(variable)                                                                                    \
  [[gnu::used, gnu::section(".toro_object_tables")]] static const ::toro::tables::Table* const variable##_registered = \
      &variable
