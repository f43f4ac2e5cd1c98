// Whether a core looks for its next event before it halts.
#include "kernel/process/halt_polling.hpp"

#include <doctest/doctest.h>

#include <cstdint>

using toro::process::HaltPolling;

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kStep = 1'000;

/// A core to which events come, until a time.
struct Core {
  HaltPolling polling{};
  std::uint64_t now = 0;
  std::uint64_t looked = 0, looked_in_vain = 0, times_halted = 0;

  /// `after(i)` ns after the i-th time that it has nothing to do `events` come.
  template <class After>
  void run(std::uint64_t until, After after, unsigned events = 1) {
    unsigned come = events;
    for (std::uint64_t i = 0; now < until; ++i) {
      const std::uint64_t next = now + after(i), begin = now;
      bool looks = true;
      while (now < next && (looks = polling.goes_on(now, come))) {
        come = 0;
        now += kStep;
      }
      looked += now - begin;
      if (!looks) {
        looked_in_vain += now - begin;
        ++times_halted;
        now = next;
      }
      come = events;
    }
  }
};

}  // namespace

TEST_CASE("halt polling: looks in vain take no more than their share, whatever the pace") {
  for (const std::uint64_t period : {110'000u, 1'000'000u, 40'000'000u}) {
    Core core;
    core.run(100 * kSecond, [period](auto) { return period; });
    CHECK(core.looked_in_vain <= 100 * kSecond / HaltPolling::kShare + HaltPolling::kMostCredit);
    CHECK(core.looked_in_vain > 50 * kSecond / HaltPolling::kShare);
  }
}

TEST_CASE("halt polling: goes on while it finds, stops soon when it does not, and finds out when it does again") {
  const auto soon = [](auto) { return 40'000u; };
  const auto late = [](auto) { return 130'000u; };
  Core core;
  core.run(kSecond, soon);
  CHECK(core.times_halted == 0);
  core.run(core.now + kSecond / 20, late);
  CHECK(core.looked_in_vain == HaltPolling::kMostCredit);
  core.run(core.now + kSecond, soon);
  const std::uint64_t halted = core.times_halted;
  core.run(core.now + kSecond, soon);
  CHECK(core.times_halted == halted);
}

TEST_CASE("halt polling: a look in vain now and then is worth it, one in three is not") {
  Core rare, often;
  rare.run(kSecond, [](std::uint64_t i) { return i % 10 == 0 ? 130'000u : 40'000u; });
  often.run(kSecond, [](std::uint64_t i) { return i % 3 == 0 ? 130'000u : 40'000u; });
  CHECK(rare.looked > kSecond / 2);
  CHECK(often.looked < kSecond / 20);
}

TEST_CASE("halt polling: what comes together is not looked for") {
  Core core;
  core.run(kSecond, [](auto) { return 40'000u; }, 2);
  CHECK(core.looked == 0);
}
