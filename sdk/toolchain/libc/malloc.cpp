// The C library's allocator is the core's own heap. Replaces musl's, which its manual allows for static linking.
#include <toro/detail/quick_blocks.hpp>
#include <toro/heap.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace {

void* or_no_memory(void* block) {
  if (block == nullptr) errno = ENOMEM;
  return block;
}

[[gnu::noinline]] void* allocate(std::size_t size) {
  return or_no_memory(toro::heap::allocate(size));
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  if (void* block = toro::detail::quick_blocks().take(size)) return block;
  return allocate(size);
}

// The kernel does not know errno, so it stays as it was. [POSIX.1-2024]
void free(void* block) {
  if (!toro::detail::quick_blocks().keep(block)) toro::heap::free(block);
}

void* calloc(std::size_t count, std::size_t size) {
  std::size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  void* block = malloc(bytes);
  if (block != nullptr) std::memset(block, 0, bytes);
  return block;
}

void* realloc(void* block, std::size_t size) {
  return or_no_memory(toro::heap::reallocate(block, size));
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
    errno = EINVAL;
    return nullptr;
  }
  return or_no_memory(toro::heap::allocate(size, alignment));
}

void* memalign(std::size_t alignment, std::size_t size) {
  return aligned_alloc(alignment, size);
}

int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
  if (alignment < sizeof(void*) || (alignment & (alignment - 1)) != 0) return EINVAL;
  void* block = toro::heap::allocate(size, alignment);
  if (block == nullptr) return ENOMEM;
  *result = block;
  return 0;
}

std::size_t malloc_usable_size(void* block) {
  return block == nullptr ? 0 : toro::heap::usable_size(block);
}

// The names by which musl calls its own.
void* __libc_malloc(std::size_t size) {
  return malloc(size);
}
void* __libc_calloc(std::size_t count, std::size_t size) {
  return calloc(count, size);
}
void* __libc_realloc(void* block, std::size_t size) {
  return realloc(block, size);
}
void __libc_free(void* block) {
  free(block);
}
}
