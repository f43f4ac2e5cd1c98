#include "kernel/lib/command_line.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using toro::CommandLine;
using toro::CommandLineError;

namespace {

// A command line on memory of its exact size, so that the address sanitizer sees each step outside.
struct Parsed {
  explicit Parsed(std::string_view text, bool terminated = true)
      : size{text.size() + (terminated ? 1 : 0)}, memory{std::make_unique<char[]>(size)} {
    text.copy(memory.get(), text.size());
    result = line.parse({memory.get(), size}, program);
    for (int i = 1; i < line.argc(); ++i) arguments.emplace_back(line.argv()[i]);
  }

  char program[8] = "program";
  std::size_t size;
  std::unique_ptr<char[]> memory;
  CommandLine line;
  std::expected<void, CommandLineError> result;
  std::vector<std::string> arguments;
};

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("arguments of main: argv[0] from the caller, null at the end") {
  for (const char* text : {"", " ", "\t\n "}) {
    Parsed parsed{text};
    CHECK(parsed.result.has_value());
    CHECK(parsed.line.argc() == 1);
    CHECK(parsed.line.argv()[0] == parsed.program);
    CHECK(parsed.line.argv()[1] == nullptr);
  }
  Parsed parsed{"  one two\tthree "};
  CHECK(parsed.result.has_value());
  CHECK(parsed.arguments == Strings{"one", "two", "three"});
  CHECK(parsed.line.argv()[4] == nullptr);
}

TEST_CASE("quotes group, and a backslash escapes within them only") {
  CHECK(Parsed{R"("a b" c)"}.arguments == Strings{"a b", "c"});
  CHECK(Parsed{R"(a"b c"d)"}.arguments == Strings{"ab cd"});
  CHECK(Parsed{R"("" x)"}.arguments == Strings{"", "x"});
  CHECK(Parsed{R"("say \"hi\" \\ \n")"}.arguments == Strings{R"(say "hi" \ \n)"});
  CHECK(Parsed{R"(C:\dir\"x y")"}.arguments == Strings{R"(C:\dir\x y)"});
  CHECK(Parsed{"\"line\nbreak\""}.arguments == Strings{"line\nbreak"});
}

TEST_CASE("options stand before the lone dashes, arguments anywhere") {
  Parsed parsed{"toro.wait first toro.name=a=b toro.text=\"two words\" -- toro.late -- \"--\" last"};
  CHECK(parsed.result.has_value());
  CHECK(parsed.arguments == Strings{"first", "toro.late", "--", "--", "last"});
  CHECK(parsed.line.option("wait") == "");
  CHECK(parsed.line.option("name") == "a=b");
  CHECK(parsed.line.option("text") == "two words");
  CHECK_FALSE(parsed.line.option("late").has_value());
  CHECK_FALSE(parsed.line.option("").has_value());
  CHECK(parsed.line.options().size() == 3);
}

TEST_CASE("the last of several equal options counts") {
  CHECK(Parsed{"toro.a=1 toro.a=2 toro.ab=3"}.line.option("a") == "2");
}

TEST_CASE("a quoted prefix is an argument") {
  Parsed parsed{R"("toro.wait" to"ro.wait" "--" toro.real "virtio_mmio.device=1@2:3" virtio_mmio.device="4")"};
  CHECK(parsed.result.has_value());
  CHECK(parsed.arguments ==
        Strings{"toro.wait", "toro.wait", "--", "virtio_mmio.device=1@2:3", "virtio_mmio.device=4"});
  CHECK(parsed.line.option("real").has_value());
}

TEST_CASE("devices are no arguments, wherever they stand") {
  Parsed parsed{"virtio_mmio.device=512@0xfeb00000:5 a -- b virtio_mmio.device=512@0xfeb00e00:12"};
  CHECK(parsed.arguments == Strings{"a", "b"});
}

TEST_CASE("each limit is reported, and what had room is kept") {
  const auto repeat = [](std::string_view token, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text.append(token) += ' ';
    return text;
  };
  const std::string device = "virtio_mmio.device=1@2:3";
  {
    Parsed parsed{repeat("x", CommandLine::kMaxArguments) + device};
    CHECK(parsed.result.has_value());
    CHECK(parsed.arguments.size() == CommandLine::kMaxArguments);
    CHECK(parsed.line.argv()[parsed.line.argc()] == nullptr);
  }
  {
    Parsed parsed{repeat("x", CommandLine::kMaxArguments + 1) + device};
    CHECK(parsed.result == std::unexpected{CommandLineError::too_many_arguments});
    CHECK(parsed.line.argv()[parsed.line.argc()] == nullptr);
  }
  CHECK(Parsed{repeat("toro.x", CommandLine::kMaxOptions)}.result.has_value());
  CHECK(Parsed{repeat("toro.x", CommandLine::kMaxOptions + 1)}.result ==
        std::unexpected{CommandLineError::too_many_options});
}

TEST_CASE("malformed text is reported, and parsed as far as it goes") {
  Parsed open{"a \"b c virtio_mmio.device=1"};
  CHECK(open.result == std::unexpected{CommandLineError::unclosed_quote});
  CHECK(open.arguments == Strings{"a", "b c virtio_mmio.device=1"});
  CHECK(Parsed{"\"\\"}.arguments == Strings{"\\"});
  CHECK(Parsed{"toro."}.result == std::unexpected{CommandLineError::empty_option_name});
  CHECK(Parsed{"toro.=1"}.result == std::unexpected{CommandLineError::empty_option_name});
  Parsed cut{"one two", false};
  CHECK(cut.result == std::unexpected{CommandLineError::cut_off});
  CHECK(cut.arguments == Strings{"one", "tw"});
  CHECK(Parsed{"", false}.result == std::unexpected{CommandLineError::cut_off});
  for (int error = 0; error <= static_cast<int>(CommandLineError::cut_off); ++error) {
    CHECK(std::string{toro::message(static_cast<CommandLineError>(error))} != "malformed");
  }
}

TEST_CASE("a word of a text that is not split") {
  using toro::has_word;
  constexpr std::string_view kWord = "toro.aslr=off";
  for (const char* text : {"toro.aslr=off", "  toro.aslr=off ", "toro.wait toro.aslr=off -- a", "toro.aslr=off --"})
    CHECK(has_word(text, kWord));
  for (const char* text : {"", " ", "toro.aslr=offer", "xtoro.aslr=off", "toro.aslr=on", "-- toro.aslr=off",
                           "toro.wait -- \"toro.aslr=off\" toro.aslr=off"})
    CHECK_FALSE(has_word(text, kWord));
}
