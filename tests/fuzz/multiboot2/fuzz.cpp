// Any bytes as what a Multiboot2 loader hands over: what is found lies within them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "kernel/firmware/multiboot2.hpp"

using namespace toro::firmware;

namespace {

void require_within(Bytes part, Bytes whole) {
  if (!part.empty() && (part.data() < whole.data() || part.data() + part.size() > whole.data() + whole.size()))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes whole = std::as_bytes(std::span{data, size});
  const auto found = multiboot2::read(whole);
  if (!found) return 0;
  require_within(std::as_bytes(std::span{found->command_line}), whole);
  require_within(found->root_pointer, whole);
  require_within(found->memory_map, whole);
  if (found->module_begin > found->module_end) std::abort();
  std::size_t ranges = 0;
  multiboot2::visit_memory(*found, [&](const multiboot2::MemoryRange& range) {
    if (range.address + range.length <= range.address) std::abort();
    ++ranges;
  });
  if (ranges * sizeof(multiboot2::MemoryRange) > size) std::abort();
  return 0;
}
