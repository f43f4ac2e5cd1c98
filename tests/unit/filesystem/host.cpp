// What filesystems ask of the kernel, on the host: a heap, a clock, mounts without cores.
#include <cstdlib>

#include "kernel/filesystem/block_cache.hpp"
#include "kernel/filesystem/namespace.hpp"
#include "tests/unit/filesystem/test_medium.hpp"

namespace toro::heap {

void* allocate(std::size_t size, std::size_t alignment) {
  void* block = nullptr;
  return posix_memalign(&block, alignment < 16 ? 16 : alignment, size == 0 ? 1 : size) == 0 ? block : nullptr;
}
void free(void* block) {
  std::free(block);
}

}  // namespace toro::heap

namespace toro::filesystem {

std::vector<std::string> reports;

std::int64_t clock_step = 1'000'000'000;

std::int64_t wall_clock() {
  static std::int64_t now = 1'700'000'000'000'000'000;
  return now += clock_step;
}
void report(std::string_view source, std::string_view what) {
  reports.push_back(std::string(source) + " " + std::string(what));
}
void offer_memory_of(BlockCache&) {}
void withdraw_memory_of(BlockCache&) {}
void call_on_mount(Mount&, Turn*, void (*function)(void* context), void* context) {
  function(context);
}
MountsLock::MountsLock() {
  guard_[0] = 0;
}
MountsLock::~MountsLock() {}

}  // namespace toro::filesystem
