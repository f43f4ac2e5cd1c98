// The public face of the heap.
#include <cstring>

#include "kernel/include/toro/heap.hpp"
#include "kernel/memory/memory.hpp"

namespace toro::heap {

void* allocate(std::size_t size, std::size_t alignment) {
  return memory::heap().allocate(size, alignment);
}

void free(void* block) {
  if (block == nullptr) return;
  if (const auto owner = memory::home_elsewhere(block)) return memory::send_home(block, *owner);
  memory::heap().free(block);
}

void* reallocate(void* block, std::size_t size) {
  if (block == nullptr || !memory::home_elsewhere(block)) return memory::heap().reallocate(block, size);
  void* const moved = allocate(size);
  if (moved == nullptr) return nullptr;
  const std::size_t old_size = usable_size(block);
  std::memcpy(moved, block, old_size < size ? old_size : size);
  free(block);
  return moved;
}

std::size_t usable_size(const void* block) {
  if (block == nullptr) return 0;
  if (const auto owner = memory::home_elsewhere(block)) return memory::heap_on(*owner).usable_size_elsewhere(block);
  return memory::heap().usable_size(block);
}

}  // namespace toro::heap
