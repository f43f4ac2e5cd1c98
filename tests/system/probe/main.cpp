// What the system tests boot: its first argument says what to do.
#include <unistd.h>
#include <toro/cores.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace {

volatile int sink = 0;

[[gnu::noinline]] void touch_unmapped_page() {
  volatile int* nowhere = nullptr;
  asm volatile("" : "+r"(nowhere));
  *nowhere = sink;
}

[[noreturn]] void spin() {
  for (;;) sink = sink + 1;
}

/// Neither interrupts nor the scheduler are heard again.
[[noreturn]] void wedge() {
  asm volatile("cli");
  for (;;) asm volatile("hlt");
}

[[noreturn]] void reset() {
  struct [[gnu::packed]] {
    unsigned short limit = 0;
    unsigned long base = 0;
  } nothing;
  asm volatile("lidt %0; int3" : : "m"(nothing));
  __builtin_unreachable();
}

int echo() {
  char line[128];
  while (std::fgets(line, sizeof line, stdin) != nullptr) {
    std::printf("[%s", line);
    std::fflush(stdout);
    if (std::string_view(line) == "end\n") return 0;
  }
  return 1;
}

/// Two lines, two seconds apart by the guest's clock.
void tick() {
  std::puts("tick");
  std::fflush(stdout);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  std::puts("tock");
}

[[noreturn]] void exit_elsewhere() {
  toro::run_on(toro::cores() - 1, [] {
    std::puts("last words");
    std::exit(7);
  });
  __builtin_unreachable();
}

/// More than a pipe takes that nobody reads: QEMU drops what its console cannot pass on, and the UART stands from then
/// on.
void fill_console() {
  static constexpr char kText[4096] = {};
  for (int i = 0; i < 64; ++i) static_cast<void>(write(1, kText, sizeof kText));
}

/// A system call that no kernel has, three times.
int call_nothing() {
  constexpr long kNothing = 499;
  for (int i = 0; i < 3; ++i)
    if (syscall(kNothing) != -1) return 1;
  return 0;
}

/// Each core says its number, carried there from here.
int count_cores() {
  std::uint32_t sum = 0;
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    if (toro::run_on(core, [] { return toro::this_core(); }) == core) ++sum;
  std::printf("%u of %u cores answered\n", sum, toro::cores());
  return sum == toro::cores() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view what = argc > 1 ? argv[1] : "";
  std::printf("probe: %s\n", what.data());
  std::fflush(stdout);
  if (what == "exit") return std::atoi(argv[2]);
  if (what == "exit-elsewhere") exit_elsewhere();
  if (what == "fault") touch_unmapped_page();
  if (what == "spin") spin();
  if (what == "wedge") wedge();
  if (what == "reset") reset();
  if (what == "fault-unheard") fill_console(), touch_unmapped_page();
  if (what == "echo") return echo();
  if (what == "echo-elsewhere") return toro::run_on(toro::cores() - 1, echo);
  if (what == "call-nothing") return call_nothing();
  if (what == "cores") return count_cores();
  if (what == "tick") return tick(), 0;
  for (int i = 1; i < argc; ++i) std::printf("<%s>\n", argv[i]);
  return 0;
}
