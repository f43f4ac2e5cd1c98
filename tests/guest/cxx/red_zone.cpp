// Interrupts leave the red zone alone. [System V ABI 3.2.2]
#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <thread>

namespace {

/// Writes below the stack pointer and reads back, n times; returns how often something else was there.
[[gnu::noinline]] std::uint64_t spin_in_red_zone(std::uint64_t n) {
  std::uint64_t bad;
  asm volatile(
      "xor %0, %0\n mov $0x1122334455667788, %%rax\n"
      "1: mov %%rax, -8(%%rsp)\n mov %%rax, -64(%%rsp)\n mov %%rax, -120(%%rsp)\n"
      "cmp %%rax, -8(%%rsp)\n jne 2f\n cmp %%rax, -64(%%rsp)\n jne 2f\n cmp %%rax, -120(%%rsp)\n je 3f\n"
      "2: inc %0\n3: dec %1\n jnz 1b\n"
      : "=&r"(bad), "+r"(n)
      :
      : "rax", "memory", "cc");
  return bad;
}

}  // namespace

TEST_CASE("timer interrupts leave the red zone alone") {
  using namespace std::chrono_literals;
  std::uint64_t bad = 0;
  int rounds = 0;
  // Each sleeper's deadline interrupts the spinning thread.
  std::thread sleeper([&] {
    for (int i = 0; i < 20; ++i) std::this_thread::sleep_for(1ms), ++rounds;
  });
  while (rounds < 20) {
    bad += spin_in_red_zone(200'000);
    std::this_thread::yield();
  }
  sleeper.join();
  CHECK(bad == 0);
}
