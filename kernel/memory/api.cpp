// The public face of the heap.
#include "kernel/include/toro/heap.hpp"
#include "kernel/memory/memory.hpp"

namespace toro::heap {

void* allocate(std::size_t size, std::size_t alignment) {
  return memory::heap().allocate(size, alignment);
}
void free(void* block) {
  memory::heap().free(block);
}
void* reallocate(void* block, std::size_t size) {
  return memory::heap().reallocate(block, size);
}
std::size_t usable_size(const void* block) {
  return memory::heap().usable_size(block);
}

}  // namespace toro::heap
