#include "kernel/lib/format.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <format>
#include <limits>
#include <string>

using toro::FixedString;

namespace {

template <class... Arguments>
std::string text(toro::FormatString<std::type_identity_t<Arguments>...> format, const Arguments&... arguments) {
  FixedString<256> out;
  out.print(format, arguments...);
  return std::string{out.view()};
}

enum class Color : std::uint8_t { red = 7 };

}  // namespace

TEST_CASE("each kind of value prints as std::format prints it") {
  CHECK(text("plain") == "plain");
  CHECK(text("{} {} {}", 1, -2, 3u) == "1 -2 3");
  CHECK(text("{}{}", "text", std::string_view{"view"}) == "textview");
  CHECK(text("{}", static_cast<const char*>(nullptr)) == "(null)");
  CHECK(text("{} {}", true, false) == "true false");
  CHECK(text("{}", 'c') == "c");
  CHECK(text("{}", Color::red) == "7");
  CHECK(text("{}", reinterpret_cast<void*>(0xfee0'0000)) == "0xfee00000");
  CHECK(text("{}", nullptr) == "0x0");
  CHECK(text("{} {}", std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::uint64_t>::max()) ==
        "-9223372036854775808 18446744073709551615");
  CHECK(text("{:x}", std::numeric_limits<std::uint64_t>::max()) == "ffffffffffffffff");
  CHECK(text("{} {}", std::int8_t{-128}, std::uint8_t{255}) == "-128 255");
}

TEST_CASE("width, alignment, zeros and base are those of std::format") {
  for (const int value : {0, 1, -1, 10, -255, 65536, std::numeric_limits<int>::min()}) {
    CHECK(text("{:5}|{:<5}|{:>12}|{:08}|{:012x}|{:#x}|{:#018x}|{:x}", value, value, value, value, value, value, value,
               value) == std::format("{:5}|{:<5}|{:>12}|{:08}|{:012x}|{:#x}|{:#018x}|{:x}", value, value, value, value,
                                     value, value, value, value));
  }
  for (const char* value : {"", "a", "twelve chars", "longer than twelve"}) {
    CHECK(text("[{:12}][{:>12}][{:<3}]", value, value, value) ==
          std::format("[{:12}][{:>12}][{:<3}]", value, value, value));
  }
  CHECK(text("{:>5}|{:5}", 'x', true) == "    x|true ");
  CHECK(text("{:99999999999999999999}", 1).size() == 64);
}

TEST_CASE("braces are doubled, and what the compiler did not see stays harmless") {
  CHECK(text("{{{}}}", 1) == "{1}");
  FixedString<64> out;
  toro::print_arguments(out.sink(), "{} {", {});
  CHECK(out.view() == "{?} {?}");
  out.clear();
  toro::print_arguments(out.sink(), "}", {});
  toro::print_arguments(out.sink(), "{:zz!}", std::array{toro::FormatArgument{5}});
  CHECK(out.view().ends_with("5"));
}

TEST_CASE("a fixed string cuts off, says so, and stays zero terminated") {
  FixedString<8> out;
  out.print("{}", 1234).append("5678");
  CHECK(out.view() == "12345678");
  CHECK_FALSE(out.truncated());
  out.append("9");
  CHECK(out.truncated());
  CHECK(std::string{out.c_str()} == "12345678");
  out.clear();
  CHECK(out.view().empty());
  CHECK_FALSE(out.truncated());
}
