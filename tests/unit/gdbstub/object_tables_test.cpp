// Descriptions of kernel objects: what is read by them, and that damaged ones do no harm.
#include <doctest/doctest.h>

#include <algorithm>

#include "gdbstub/protocol/object_tables.hpp"
#include "kernel/tables/table.hpp"
#include "tests/unit/gdbstub/fake_target.hpp"

using namespace toro::gdbstub;
using namespace toro::gdbstub::test;
using namespace toro::tables;

namespace {

class SeenRows final : public TableSink {
 public:
  Wants begin_row() override {
    text += "|";
    return Wants::row;
  }
  void cell(std::string_view column, std::string_view value) override {
    text += std::string(column) + "=" + std::string(value) + "|";
  }
  void end_row() override { text += "\n"; }
  std::string text;
};

struct Ring {
  std::uint16_t flags;
  std::uint16_t index;
};
struct Object {
  const char* name;
  const Ring* ring;
  std::uint16_t published;
  std::uint16_t used;
  std::uint8_t kind;
  std::string_view view;
  char text[8];
};

constexpr const char* kKinds[] = {"none", "disk"};
constexpr Check kChecks[] = {
    {behind(offsetof(Object, ring), offsetof(Ring, index), 2), at(offsetof(Object, published), 2),
     at(offsetof(Object, used), 2), "beyond"},
};
constexpr Column kColumns[] = {
    {.name = "row", .format = Format::row_number, .value = {.offsets = {32}}},
    {.name = "core", .format = Format::core_number},
    {.name = "name", .format = Format::literal, .value = at(offsetof(Object, name), 8)},
    {.name = "index", .value = behind(offsetof(Object, ring), offsetof(Ring, index), 2)},
    {.name = "open", .value = at(offsetof(Object, published), 2), .minus = at(offsetof(Object, used), 2)},
    {.name = "hex", .format = Format::hexadecimal, .value = at(offsetof(Object, published), 2)},
    {.name = "kind", .format = Format::word, .value = at(offsetof(Object, kind), 1), .words = kKinds},
    {.name = "view", .format = Format::view, .value = at(offsetof(Object, view), 8)},
    {.name = "text", .format = Format::text, .value = at(offsetof(Object, text), sizeof(Object::text))},
    {.name = "checks", .format = Format::checks, .checks = kChecks},
};

const Ring kRings[2] = {{0, 3}, {0, 9}};
const Object kObjects[2] = {{"first", &kRings[0], 4, 2, 1, "seen", "abcdefg"},
                            {"second", &kRings[1], 1, 65534, 7, {}, ""}};

std::string read(const Table& described, std::vector<std::uint64_t> distances = {0}) {
  static const Table* pointers[1];
  pointers[0] = &described;
  FakeTarget target;
  target.described = {reinterpret_cast<std::uint64_t>(pointers), reinterpret_cast<std::uint64_t>(pointers + 1)};
  target.core_distances = std::move(distances);
  std::size_t number = 0;
  if (!find_table(target, "objects", number)) return "no such table";
  SeenRows rows;
  read_table(target, number, rows);
  return rows.text;
}

Table table_of(Rows rows) {
  return {.name = "objects", .title = "Objects", .about = "Objects of a test", .rows = rows, .columns = kColumns};
}

}  // namespace

TEST_CASE("object tables: every format, and a contradiction") {
  CHECK(read(table_of({.stride = sizeof(Object), .base = kObjects, .count = 2})) ==
        "|row=32|core=0|name=first|index=3|open=2|hex=0x4|kind=disk|view=seen|text=abcdefg|checks=|\n"
        "|row=33|core=0|name=second|index=9|open=3|hex=0x1|kind=7|view=|text=|checks=beyond|\n");
}

TEST_CASE("object tables: pointers, an end, a bound and rows that are left out") {
  static const Object* const pointers[] = {&kObjects[1], &kObjects[0]};
  CHECK(read(table_of({.shape = Shape::pointers, .stride = 8, .base = pointers, .end = pointers + 1}))
            .starts_with("|row=32|core=0|name=second|"));
  static const std::uint32_t one = 1;
  const auto rows = [](Rows wanted) {
    const std::string text = read(table_of(wanted));
    return std::ranges::count(text, '\n');
  };
  CHECK(rows({.stride = sizeof(Object), .base = kObjects, .count = 2, .most = &one}) == 1);
  CHECK(rows({.stride = sizeof(Object), .base = kObjects, .count = 2, .only_where = at(offsetof(Object, text), 1)}) ==
        1);
  CHECK(rows({.stride = sizeof(Object), .base = nullptr, .count = 2}) == 0);
  CHECK(rows({.stride = 0, .base = kObjects, .end = kObjects + 2}) == 0);
}

TEST_CASE("object tables: rows within rows, and more of other kinds") {
  struct Element {
    std::uint8_t address[4];
    const Element* next;
    const char* inside;
  };
  struct Owner {
    char name[8];
    const Element* buckets[3];
  };
  static constexpr char kHeld[2][4] = {};
  static const Element last{{127, 0, 0, 1}, nullptr, &kHeld[1][3]};
  static Element first{{255, 0, 10, 2}, &last, nullptr};
  static const Owner owners[2] = {{"one", {nullptr, &first, nullptr}}, {"two", {&last, nullptr, nullptr}}};
  static const Owner* const pointers[3] = {&owners[0], nullptr, &owners[1]};
  struct Slot {
    int number;
    const char* object;
  };
  static const Slot slots[3] = {{0, nullptr}, {1, kHeld[0]}, {2, kHeld[1]}};
  static constexpr Holders kSlots{
      .rows = {.stride = sizeof(Slot), .base = slots, .count = 3}, .pointer = offsetof(Slot, object), .bytes = 4};
  static constexpr const char* kWords[] = {"kind"};
  static constexpr Column columns[] = {
      {.name = "kind", .format = Format::constant, .words = kWords},
      {.name = "owner", .format = Format::text, .value = of_outermost(at(0, 8))},
      {.name = "address", .format = Format::ipv4, .value = at(0, 4)},
      {.name = "slot", .format = Format::holder, .value = at(offsetof(Element, inside), 8), .holders = &kSlots},
      {.name = "text",
       .format = Format::text,
       .value = of_outermost(behind(offsetof(Owner, buckets), 0, 8)),
       .words = kWords}};
  static const Rows owned{.shape = Shape::pointers, .stride = 8, .base = pointers, .count = 3};
  static const Rows buckets{.stride = 8, .within = &owned, .first = at(offsetof(Owner, buckets), 8), .count = 3};
  Table table =
      table_of({.shape = Shape::linked, .stride = offsetof(Element, next), .within = &buckets, .first = at(0, 8)});
  table.columns = columns;
  const std::string three =
      "|kind=kind|owner=one|address=255.0.10.2|slot=|text=kind|\n"
      "|kind=kind|owner=one|address=127.0.0.1|slot=2|text=kind|\n"
      "|kind=kind|owner=two|address=127.0.0.1|slot=2|text=\x7f|\n";
  CHECK(read(table) == three);
  static constexpr Column kMore[] = {{.name = "row", .format = Format::row_number}};
  static Table more{.rows = {.shape = Shape::pointers, .stride = 8, .base = pointers, .count = 3}, .columns = kMore};
  table.more = &more;
  CHECK(read(table) == three + "|row=0|\n|row=2|\n");
  more.more = &more;  // damaged: ends nevertheless
  CHECK(std::ranges::count(read(table), '\n') < 32);
  table.more = nullptr;
  first.next = &first;
  CHECK(std::ranges::count(read(table), '\n') == 4096);
  first.next = &last;
  static Rows ring{.stride = 8, .first = at(0, 8), .count = 1};
  ring.within = &ring;
  table.rows.within = &ring;
  CHECK(read(table).empty());
}

TEST_CASE("object tables: chunks, some of which are not there") {
  static const Object* const chunks[] = {nullptr, &kObjects[0], nullptr};
  const Rows rows{
      .shape = Shape::chunks, .stride = sizeof(Object), .base = chunks, .count = 6, .per_chunk = std::size(kObjects)};
  const std::string text = read(table_of(rows));
  CHECK(text.starts_with("|row=34|core=0|name=first|"));
  CHECK(text.find("|row=35|core=0|name=second|") != std::string::npos);
  CHECK(std::ranges::count(text, '\n') == 2);
  Rows damaged = rows;
  damaged.per_chunk = 0;
  CHECK(read(table_of(damaged)).empty());
}

TEST_CASE("object tables: a list, and one that is a ring") {
  struct Element {
    std::string_view name;
    const Element* next;
  };
  struct Owner {
    int unused;
    const Element* first;
  };
  static Element last{"", nullptr};
  static const Element begin{"begin", &last};
  static const Owner owner{0, &begin};
  static const Owner* const pointer = &owner;
  static constexpr const char* kEmpty[] = {"nothing"};
  static constexpr Column columns[] = {{.name = "row", .format = Format::row_number},
                                       {.name = "name", .format = Format::view, .value = at(0, 8), .words = kEmpty}};
  Table table = table_of({.shape = Shape::linked,
                          .stride = offsetof(Element, next),
                          .base = &pointer,
                          .first = behind(0, offsetof(Owner, first), 8)});
  table.columns = columns;
  CHECK(read(table) == "|row=0|name=begin|\n|row=1|name=nothing|\n");
  last.next = &begin;
  CHECK(std::ranges::count(read(table), '\n') == 4096);
  table.rows.base = &owner.unused;  // leads nowhere
  CHECK(read(table).empty());
}

TEST_CASE("object tables: each core that has copies") {
  const std::string text =
      read(table_of({.each_core = true, .stride = sizeof(Object), .base = kObjects}), {0, 0, sizeof(Object)});
  CHECK(text.find("core=0|name=first") != std::string::npos);
  CHECK(text.find("core=1|") == std::string::npos);
  CHECK(text.find("core=2|name=second") != std::string::npos);
}

TEST_CASE("object tables: damaged descriptions") {
  FakeTarget target;
  TableTitle title;
  target.described = {0x1000, 0x1010};  // pointers to nowhere
  CHECK(table_title(target, 2, title));
  CHECK(std::string_view(title.name).empty());
  CHECK_FALSE(table_title(target, 4, title));
  std::size_t number = 0;
  CHECK_FALSE(find_table(target, "", number));
  SeenRows rows;
  read_table(target, 2, rows);
  CHECK(rows.text.empty());
  target.described = {0x2000, 0x1000};
  CHECK_FALSE(table_title(target, 2, title));
  Table endless = table_of({.stride = sizeof(Object), .base = kObjects, .count = 0xffff'ffff});
  endless.columns.count = 0xffff'ffff'ffff;
  CHECK(read(endless).starts_with("|row=32|"));
}
