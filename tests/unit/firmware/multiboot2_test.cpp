// What a Multiboot2 loader hands over, good and bad.
#include "kernel/firmware/multiboot2.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

using namespace toro::firmware;

namespace {

/// The information, tag by tag.
class Handed {
 public:
  template <class... Values>
  Handed& tag(std::uint32_t type, std::string_view text, Values... values) {
    const auto length = static_cast<std::uint32_t>(8 + (sizeof(values) + ... + 0) + text.size());
    put(type);
    put(length);
    (put(values), ...);
    for (const char c : text) put(c);
    bytes_.resize((bytes_.size() + 7) / 8 * 8);
    return *this;
  }
  template <class T>
  void put(T value) {
    const auto* from = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), from, from + sizeof value);
  }
  [[nodiscard]] auto read() const { return multiboot2::read(bytes_); }
  std::vector<std::byte> bytes_ = std::vector<std::byte>(8);
};

using namespace std::string_literals;
const std::string kModule = "toro.command-line\0"s;

}  // namespace

TEST_CASE("multiboot2: what GRUB hands over") {
  Handed handed;
  handed.tag(21, "", 0x100000U)
      .tag(1, "one \"two\"\0"s)
      .tag(3, "other\0"s, 0x300000U, 0x300100U)
      .tag(3, kModule, 0x200000U, 0x200010U)
      .tag(6, "", 24U, 0U, 0x0ULL, 0x9fc00ULL, 1U, 0U, 0x100000ULL, 0x700000ULL, 1U, 0U, 0xf0000ULL, 0x10000ULL, 2U, 0U)
      .tag(15, "RSD PTR 2")
      .tag(14, "RSD PTR 0")
      .tag(0, "")
      .tag(1, "beyond the end\0"s);
  const auto found = handed.read();
  REQUIRE(found);
  CHECK(found->command_line == "one \"two\"");
  CHECK(found->module_begin == 0x200000);
  CHECK(found->module_end == 0x200010);
  REQUIRE(found->root_pointer.size() == 9);
  CHECK(static_cast<char>(found->root_pointer[8]) == '2');
  std::vector<std::uint64_t> ram;
  multiboot2::visit_memory(*found, [&](const multiboot2::MemoryRange& range) {
    if (range.type == multiboot2::kRam) ram.push_back(range.address);
  });
  CHECK(ram == std::vector<std::uint64_t>{0, 0x100000});
}

TEST_CASE("multiboot2: a map of longer entries; ranges that wrap or are empty are passed over") {
  Handed handed;
  handed.tag(6, "", 32U, 0U, 0x1000ULL, 0ULL, 1U, 0U, 0ULL, ~0xfffULL, 0x1000ULL, 1U, 0U, 0ULL, 0x5000ULL, 0x1000ULL,
             1U, 0U, 0ULL);
  const auto found = handed.read();
  REQUIRE(found);
  std::size_t count = 0;
  multiboot2::visit_memory(*found, [&](const multiboot2::MemoryRange& range) {
    ++count;
    CHECK(range.address == 0x5000);
  });
  CHECK(count == 1);
}

TEST_CASE("multiboot2: what is refused") {
  CHECK(multiboot2::read({}).error() == Error::bad_length);
  Handed handed;
  SUBCASE("a tag shorter than its head") {
    handed.put(1U);
    handed.put(7U);
    CHECK(handed.read().error() == Error::entry_too_short);
  }
  SUBCASE("a tag beyond the end") {
    handed.put(1U);
    handed.put(9U);
    CHECK(handed.read().error() == Error::entry_past_end);
  }
  SUBCASE("a memory map without a stride") {
    CHECK(handed.tag(6, "", 0U, 0U, 0ULL, 0ULL, 0ULL).read().error() == Error::entry_too_short);
  }
  SUBCASE("a module without an end") {
    CHECK(handed.tag(3, "", 1U).read().error() == Error::entry_too_short);
  }
  SUBCASE("a module that ends before it begins is none") {
    CHECK(handed.tag(3, kModule, 0x2000U, 0x1000U).read()->module_end == 0);
  }
}
