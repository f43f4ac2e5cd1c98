// What -fstack-protector calls. musl's handler halts the processor: in ring 0 that waits for an interrupt and returns.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

extern "C" {

/// A function found the word above its frame overwritten.
[[noreturn]] void __stack_chk_fail() {
  constexpr char kText[] = "stack smashing detected\n";
  static_cast<void>(!write(STDERR_FILENO, kText, sizeof kText - 1));
  std::abort();
}

/// Sets the word by which the frames of main's thread are checked, before main; the kernel sets that of each other
/// thread. Its lowest byte is zero: kernel/arch/x86_64/random.hpp. [System V ABI x86-64: fs:0x28]
[[gnu::no_stack_protector]] void __init_ssp(void* entropy) {
  std::uint64_t canary;
  std::memcpy(&canary, entropy, sizeof canary);
  canary &= ~std::uint64_t{0xff};
  asm volatile("movq %0, %%fs:0x28" ::"r"(canary));
}
}
