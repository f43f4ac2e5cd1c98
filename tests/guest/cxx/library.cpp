// The standard library in the guest.
#include <doctest/doctest.h>

#include <ctype.h>
#include <locale.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <expected>
#include <format>
#include <functional>
#include <iostream>
#include <locale>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <print>
#include <ranges>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <variant>
#include <vector>

extern "C" int __xpg_strerror_r(int number, char* buffer, std::size_t size);  // POSIX's, by its name in libraries

TEST_CASE("vector, sort, ranges") {
  std::vector<int> v(1000);
  std::iota(v.begin(), v.end(), 0);
  std::ranges::reverse(v);
  std::ranges::sort(v);
  CHECK(v[500] == 500);
  CHECK(std::accumulate(v.begin(), v.end(), 0) == 499500);
}

TEST_CASE("format of integers and text") {
  CHECK(std::format("{:>6}|{:#x}|{}", "ab", 255, 12345678901ll) == "    ab|0xff|12345678901");
}

TEST_CASE("format of double") {
  CHECK(std::format("{:.3f} {}", 3.14159, 0.1) == "3.142 0.1");
}

TEST_CASE("unordered_map") {
  std::unordered_map<std::string, int> map;
  for (int i = 0; i < 500; ++i) map["k" + std::to_string(i)] = i;
  CHECK(map.size() == 500);
  CHECK(map["k499"] == 499);
}

TEST_CASE("map") {
  std::map<int, std::string> map;
  map[3] = "c";
  CHECK(map.contains(3));
}

TEST_CASE("function") {
  const std::function<int(int)> times = [k = 5](int x) { return x * k; };
  CHECK(times(4) == 20);
}

TEST_CASE("variant, optional, expected") {
  CHECK(std::get<1>(std::variant<int, std::string>{std::in_place_index<1>, "z"}) == "z");
  CHECK(std::optional<int>(3).value() == 3);
  CHECK_FALSE(std::expected<int, int>(std::unexpected(4)).has_value());
}

TEST_CASE("charconv") {
  int value = 0;
  constexpr std::string_view text = "777";
  std::from_chars(text.data(), text.data() + text.size(), value);
  CHECK(value == 777);
}

TEST_CASE("shared_ptr counts") {
  const auto one = std::make_shared<int>(9);
  const auto two = one;
  CHECK(one.use_count() == 2);
}

TEST_CASE("the text of a system error") {
  const auto text = std::error_code(2, std::system_category()).message();
  CHECK(text.find("No such file") != std::string::npos);
}

TEST_CASE("ostringstream") {
  std::ostringstream stream;
  stream << "ios " << 42 << ' ' << 1.5;
  CHECK(stream.str() == "ios 42 1.5");
}

TEST_CASE("print and cout reach the console") {
  std::println("println {}", 1);
  std::cout << "cout " << 2 << std::endl;
  CHECK(std::cout.good());
}

TEST_CASE("istringstream reads numbers and words") {
  std::istringstream in("  42 -1.5 word");
  int number = 0;
  double real = 0;
  std::string word;
  in >> number >> real >> word;
  CHECK(in);
  CHECK(number == 42);
  CHECK(real == -1.5);
  CHECK(word == "word");
}

TEST_CASE("characters have their classes, in the classic locale and in named ones") {
  for (const std::locale& locale :
       {std::locale::classic(), std::locale("C"), std::locale(std::locale(), "C", std::locale::ctype)}) {
    CHECK(std::isspace(' ', locale));
    CHECK(std::isalpha('a', locale));
    CHECK_FALSE(std::isdigit('a', locale));
    CHECK(std::toupper('a', locale) == 'A');
    CHECK(std::tolower('Z', locale) == 'z');
    CHECK(std::isupper(L'Z', locale));
  }
}

TEST_CASE("regular expressions know the classes of characters") {
  std::smatch match;
  const std::string text = "key = value 42";
  REQUIRE(std::regex_match(text, match, std::regex(R"((\w+)\s*=\s*([[:alpha:]]+) (\d+))")));
  CHECK(match[1] == "key");
  CHECK(match[3] == "42");
}

TEST_CASE("a locale is copied with its tables") {
  const locale_t made = newlocale(LC_ALL_MASK, "C", nullptr);
  REQUIRE(made != nullptr);
  const locale_t copy = duplocale(made);
  REQUIRE(copy != nullptr);
  freelocale(made);
  const locale_t changed = newlocale(LC_CTYPE_MASK, "C.UTF-8", copy);
  CHECK(changed == copy);
  CHECK(isalpha_l('a', changed));
  CHECK_FALSE(isalpha_l('1', changed));
  CHECK(toupper_l('a', changed) == 'A');
  freelocale(changed);
}

TEST_CASE("strerror_r fills the buffer, by either name") {
  char buffer[32] = "";
  CHECK(std::string(strerror_r(ENOENT, buffer, sizeof buffer)) == "No such file or directory");
  CHECK(std::string(buffer) == "No such file or directory");
  CHECK(__xpg_strerror_r(ENOENT, buffer, 8) == ERANGE);
  CHECK(std::string(buffer) == "No such");
}

TEST_CASE("allocation fails as C says") {
  volatile std::size_t huge = SIZE_MAX / 2;
  errno = 0;
  CHECK(std::malloc(huge) == nullptr);
  CHECK(errno == ENOMEM);
  errno = 0;
  CHECK(std::calloc(huge, 4) == nullptr);
  CHECK(errno == ENOMEM);
  errno = 0;
  volatile std::size_t odd = 24;
  CHECK(aligned_alloc(odd, 48) == nullptr);
  CHECK(errno == EINVAL);
  void* block = std::malloc(10);
  errno = 0;
  CHECK(std::realloc(block, huge) == nullptr);
  CHECK(errno == ENOMEM);
  errno = 7;
  std::free(block);
  CHECK(errno == 7);
  CHECK(posix_memalign(&block, odd, 48) == EINVAL);
  CHECK(posix_memalign(&block, 64, huge) == ENOMEM);
  CHECK(errno == 7);
}
