// Copies memory that may not be there: safe_copy.S does it, trap.cpp ends it at a fault.
#include "kernel/arch/x86_64/safe_copy.hpp"

extern "C" std::size_t toro_safe_copy(void* to, const void* from, std::size_t size);

namespace toro::arch {

std::size_t copy_safely(void* to, const void* from, std::size_t size) {
  return size - toro_safe_copy(to, from, size);
}

}  // namespace toro::arch
