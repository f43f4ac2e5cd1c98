// Any bytes as a machine without ACPI, and as the entries of an MP table.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "kernel/firmware/mp_table.hpp"
#include "tests/unit/firmware/fake_memory.hpp"
#include "tests/unit/firmware/sound.hpp"

using namespace toro::firmware;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> image(data, data + size);
  test::FakeMemory memory{image};
  test::require_sound(discover_processors(memory.reader(), 0, 0), 0);

  std::size_t entries = 0;
  const auto read = mp::visit_entries(std::as_bytes(std::span{image}), [&](const auto&) { ++entries; });
  if (entries > size / 8 || (!read && size == sizeof(mp::format::Header))) std::abort();
  return 0;
}
