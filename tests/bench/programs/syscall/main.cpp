// The way into the kernel: a system call that does next to nothing, a direct call, and the clock.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <ctime>

#include "measure.hpp"
#include "platform.hpp"

namespace {

void null(bench::Run& run) {
  run.measure(500'000, [](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) syscall(SYS_gettid);
  });
}

void native(bench::Run& run) {
  if (!platform::kHasNativeApi) return run.skip("there is no kernel to call without a system call");
  run.measure(500'000, [](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) platform::native_call();
  });
}

void clock(bench::Run& run) {
  run.measure(500'000, [](std::uint64_t n) {
    timespec time;
    for (std::uint64_t i = 0; i < n; ++i) clock_gettime(CLOCK_MONOTONIC, &time);
  });
}

constexpr bench::Case kCases[] = {
    {"null", null},
    {"native", native},
    {"clock-gettime", clock},
};

}  // namespace

int main(int argc, char** argv) {
  platform::stay_on_first_core();
  return bench::run(kCases, {argv, static_cast<std::size_t>(argc)});
}
