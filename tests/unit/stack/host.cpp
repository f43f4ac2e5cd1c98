// The kernel's heap, on the host.
#include <cstdlib>

#include "kernel/include/toro/heap.hpp"

namespace toro::heap {

void* allocate(std::size_t size, std::size_t alignment) {
  void* block = nullptr;
  return posix_memalign(&block, alignment < 16 ? 16 : alignment, size == 0 ? 1 : size) == 0 ? block : nullptr;
}
void free(void* block) {
  std::free(block);
}

}  // namespace toro::heap
