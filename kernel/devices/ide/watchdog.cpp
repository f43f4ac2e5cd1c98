// A thread that looks every few seconds while something is in flight, and sleeps else.
#include "kernel/devices/ide/watchdog.hpp"

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/process/kernel_thread.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::ide {

class Watchdog {
 public:
  constexpr Watchdog() = default;

  void add(Watched& watched) {
    if (first_ == nullptr) start();
    watched.next_ = first_;
    first_ = &watched;
  }
  void wake() {
    if (sleeps_) process::scheduler().wake(queue_, 1);
    sleeps_ = false;
  }

 private:
  static constexpr std::uint64_t kPeriod = 15'000'000'000;  // nanoseconds
  static constexpr std::size_t kStackPages = 2;

  void start();
  [[noreturn]] static void run();
  bool look();

  Watched* first_ = nullptr;
  process::WaitQueue queue_{};
  bool sleeps_ = false;
};

namespace {

constinit Watchdog watchdog{};

}  // namespace

void Watchdog::start() {
  process::start_kernel_thread("disk watchdog", kStackPages, run);
}

void Watchdog::run() {
  const arch::InterruptsOff off;
  for (;;) {
    if (watchdog.look()) {
      const std::uint64_t deadline = arch::clock::now() + kPeriod;
      process::scheduler().wait(watchdog.queue_, "a disk's answer", process::WaitKind::device, deadline);
    } else {
      watchdog.sleeps_ = true;
      process::scheduler().wait(watchdog.queue_, "disks to watch", process::WaitKind::thread);
    }
  }
}

/// Whether anything is in flight.
bool Watchdog::look() {
  bool any = false;
  for (Watched* watched = first_; watched != nullptr; watched = watched->next_) {
    const std::uint64_t task = watched->task_in_flight();
    if (task != 0 && task == watched->seen_) watched->give_up();
    watched->seen_ = watched->task_in_flight();
    any = any || watched->seen_ != 0;
  }
  return any;
}

void Watched::watch() {
  watchdog.wake();
}

void Watched::join_watch() {
  watchdog.add(*this);
}

}  // namespace toro::ide
