// Long and short names, and dates.
#include "kernel/filesystem/fat/names.hpp"

#include <doctest/doctest.h>

#include <string>

#include "kernel/filesystem/fat/timestamps.hpp"

namespace {

using namespace toro::filesystem::fat;

std::string text_of(const ShortName& name) {
  return {reinterpret_cast<const char*>(name.data()), name.size()};
}
std::string basis_of(std::string_view name) {
  return text_of(to_basis(to_long_name(name)->view()).name);
}

TEST_CASE("UTF-8 goes to UTF-16 and back") {
  for (const std::string_view name : {"a", "grün.txt", "漢字", "😀.png", "x\u07ff\u0800\uffff"}) {
    const auto units = to_long_name(name);
    REQUIRE(units);
    char back[32];
    CHECK(std::string_view(back, *to_utf8(units->view(), back)) == name);
  }
  char small[2];
  CHECK_FALSE(to_utf8(u"abc", small));
  CHECK_FALSE(to_utf8(u"\xd800", small));
  CHECK_FALSE(to_utf8(std::u16string_view(u"\xdc00\xd800", 2), small));
}

TEST_CASE("names that FAT cannot have") {
  for (const std::string_view name : {"", "a.", "a ", "a*b", "a:b", "a\\b", "\x01", "\x7f", "\xc0\xaf", "\xe0\x80\x80",
                                      "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\xc3"})
    CHECK_FALSE(to_long_name(name));
  CHECK(to_long_name(std::string(255, 'n')));
  CHECK_FALSE(to_long_name(std::string(256, 'n')));
}

TEST_CASE("short names") {
  CHECK(to_basis(u"README.TXT").is_exact);
  CHECK_FALSE(to_basis(u"readme.txt").is_exact);
  CHECK_FALSE(to_basis(u"READMES12.TXT").is_exact);
  CHECK_FALSE(to_basis(u"A.TEXT").is_exact);
  CHECK(basis_of("readme.text") == "README  TEX");
  CHECK(basis_of(".profile") == "PROFILE    ");
  CHECK(basis_of("a b.c.tar") == "ABC     TAR");
  CHECK(basis_of("grün+.x") == "GR_N_   X  ");
  CHECK(basis_of("...a") == "_       A  ");
  CHECK(text_of(with_tail(to_basis(u"long name.txt").name, u"long name.txt", 0, 3)) == "LONGNA~3TXT");
  CHECK(text_of(with_tail(to_basis(u"x.txt").name, u"x.txt", 0, 1)) == "X~1     TXT");
  CHECK(with_tail(to_basis(u"long 1").name, u"long 1", 1, 1) != with_tail(to_basis(u"long 2").name, u"long 2", 1, 1));
  CHECK(text_of(with_tail(to_basis(u"long name").name, u"long name", 1, 9)).substr(6) == "~9   ");
}

TEST_CASE("short names as people read them") {
  DirectoryEntry entry{};
  entry.name = {'A', 'B', ' ', ' ', ' ', ' ', ' ', ' ', 'C', ' ', ' '};
  CHECK(to_text(entry).view() == u"AB.C");
  entry.lower_case = 8;
  CHECK(to_text(entry).view() == u"ab.C");
  entry.lower_case = 16;
  CHECK(to_text(entry).view() == u"AB.c");
  entry.name[8] = ' ';
  entry.name[0] = 5;
  CHECK(to_text(entry).view() == u"σB");
  entry.name[0] = 0x81;
  CHECK(to_text(entry).view() == u"üB");
}

TEST_CASE("case is of no matter") {
  CHECK(same(u"ReadMe", u"rEADmE"));
  CHECK_FALSE(same(u"a", u"b"));
  CHECK_FALSE(same(u"a", u"ab"));
}

TEST_CASE("dates") {
  constexpr std::int64_t second = 1'000'000'000;
  constexpr std::int64_t moment = 1'700'000'001 * second + 450'000'000;  // 2023-11-14 22:13:21.45 UTC
  const Timestamp stamp = to_timestamp(moment);
  CHECK(stamp.date == (43 << 9 | 11 << 5 | 14));
  CHECK(stamp.time == (22 << 11 | 13 << 5 | 10));
  CHECK(stamp.hundredths == 145);
  CHECK(to_nanoseconds(stamp) == moment);
  CHECK(to_timestamp(0).date == (1 << 5 | 1));
  CHECK(to_timestamp(INT64_MAX).date == (127 << 9 | 12 << 5 | 31));
  CHECK(to_nanoseconds({}) == 0);
  CHECK(to_nanoseconds({.date = 0xffff, .time = 0xffff, .hundredths = 255}) > 0);
}

}  // namespace
