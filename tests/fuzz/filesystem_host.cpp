// What filesystems ask of the kernel, in a fuzzer.
#include <cstdlib>

#include "kernel/filesystem/filesystem.hpp"
#include "kernel/include/toro/heap.hpp"

namespace toro::heap {

void* allocate(std::size_t size, std::size_t alignment) {
  return std::aligned_alloc(alignment < 16 ? 16 : alignment, (size + 15) / 16 * 16);
}
void free(void* block) {
  std::free(block);
}

}  // namespace toro::heap

namespace toro::filesystem {

std::int64_t wall_clock() {
  return 1'700'000'000'000'000'000;
}
void report(std::string_view, std::string_view) {}

}  // namespace toro::filesystem
