// What the benchmark programs share: cases chosen by name, and a line for each measurement:
//   toro-bench CASE ITERATIONS NANOSECONDS TICKS      totals of one repetition; ticks are the TSC's
//   toro-bench-skip CASE REASON                       the case cannot run on this machine
#pragma once

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <span>
#include <string_view>

namespace bench {

/// A point in time by both clocks, or the span between two.
struct Time {
  std::uint64_t nanoseconds;
  std::uint64_t ticks;

  [[nodiscard]] static Time now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return {static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec),
            __builtin_ia32_rdtsc()};
  }
  Time operator-(const Time& start) const { return {nanoseconds - start.nanoseconds, ticks - start.ticks}; }
  Time& operator+=(const Time& more) {
    nanoseconds += more.nanoseconds;
    ticks += more.ticks;
    return *this;
  }
};

/// A case being measured.
class Run {
 public:
  Run(const char* name, unsigned repetitions, std::uint64_t divisor)
      : name_(name), repetitions_(repetitions), divisor_(divisor) {}

  /// Measures `function(n)`, which does what the case is about `n * each` times. n is `count`, or a hundredth of it
  /// with
  /// --quick, at least 1.
  template <class Function>
  void measure(std::uint64_t count, Function function, std::uint64_t each = 1) {
    const auto timed = [&](std::uint64_t n) {
      const Time start = Time::now();
      function(n);
      return Time::now() - start;
    };
    measure_part(count, timed, each);
  }

  /// As measure(), where only part of the time counts: `function(n)` returns which.
  template <class Function>
  void measure_part(std::uint64_t count, Function function, std::uint64_t each = 1) {
    const std::uint64_t n = count > divisor_ ? count / divisor_ : 1;
    for (unsigned i = 0; i < repetitions_ && !skipped_; ++i) {
      const Time taken = function(n);
      if (skipped_) return;
      std::printf("toro-bench %s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", name_, n * each, taken.nanoseconds,
                  taken.ticks);
    }
  }

  void skip(const char* reason) {
    skipped_ = true;
    std::printf("toro-bench-skip %s %s\n", name_, reason);
  }

 private:
  const char* name_;
  unsigned repetitions_;
  std::uint64_t divisor_;
  bool skipped_ = false;
};

struct Case {
  const char* name;
  void (*run)(Run& run);
};

/// What main does: [--quick] [--repeat N] [CASE…]; without names every case. Returns main's status.
inline int run(std::span<const Case> cases, std::span<char*> arguments) {
  unsigned repetitions = 5;
  std::uint64_t divisor = 1;
  const auto is_chosen = [](const Case& c, std::span<char*> names) {
    for (const char* name : names)
      if (std::strcmp(name, c.name) == 0) return true;
    return names.empty();
  };
  arguments = arguments.subspan(1);
  while (!arguments.empty() && arguments[0][0] == '-') {
    const std::string_view option = arguments[0];
    if (option == "--quick") {
      repetitions = 1;
      divisor = 100;
    } else if (option == "--repeat" && arguments.size() > 1) {
      arguments = arguments.subspan(1);
      repetitions = static_cast<unsigned>(std::atoi(arguments[0]));
    } else {
      std::fprintf(stderr, "expected [--quick] [--repeat N] [CASE...], found %s\n", arguments[0]);
      return 2;
    }
    arguments = arguments.subspan(1);
  }
  std::size_t found = 0;
  for (const Case& c : cases) {
    if (!is_chosen(c, arguments)) continue;
    ++found;
    Run run(c.name, repetitions, divisor);
    c.run(run);
  }
  if (found >= arguments.size()) return 0;
  std::fprintf(stderr, "expected names of these cases:");
  for (const Case& c : cases) std::fprintf(stderr, " %s", c.name);
  std::fprintf(stderr, "\n");
  return 2;
}

}  // namespace bench
