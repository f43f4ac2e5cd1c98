// Any bytes as the guest's command line: nothing outside the text is touched, and every result lies within it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "kernel/lib/command_line.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = std::make_unique<char[]>(size);  // exactly as long: the address sanitizer guards both ends
  std::copy(data, data + size, text.get());
  const char* const end = text.get() + size;
  char program[] = "program";

  toro::CommandLine line;
  const auto result = line.parse({text.get(), size}, program);
  if (!result) require(std::strcmp(toro::message(result.error()), "malformed") != 0);

  require(line.argc() >= 1 && line.argv()[0] == program && line.argv()[line.argc()] == nullptr);
  for (int i = 1; i < line.argc(); ++i) {
    const char* const argument = line.argv()[i];
    require(argument >= text.get() && argument < end && argument + std::strlen(argument) < end);
  }
  for (const auto& option : line.options()) {
    require(!option.name.empty() && option.name.data() >= text.get() && option.name.data() + option.name.size() <= end);
    require(option.value.empty() || option.value.data() + option.value.size() <= end);
    require(line.option(option.name).has_value());
  }
  return 0;
}
