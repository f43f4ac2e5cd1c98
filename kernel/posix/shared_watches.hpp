// Who waits for something that threads of all cores use, and that has no core of its own.
#pragma once

#include "kernel/arch/x86_64/spin_lock.hpp"
#include "kernel/network/watch.hpp"
#include "kernel/posix/descriptors.hpp"
#include "kernel/posix/syscall.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::posix {

/// What is watched is changed, and looked at, by run(). Threads of any core.
class SharedWatches {
 public:
  /// What `f()` returns, called while nobody else is in run(); it must not wait.
  template <class F>
  auto run(F f) {
    const arch::SpinLockGuard guard(lock_);
    return f();
  }

  /// What `look()` returns, called as in run(); a change from then on raises `watch`, where there is one.
  template <class F>
  auto watch(inet::Watch* watch, F look) {
    const arch::SpinLockGuard guard(lock_);
    if (watch != nullptr) add(*watch);
    return look();
  }
  void unwatch(inet::Watch& watch) {
    const arch::SpinLockGuard guard(lock_);
    remove(watch);
  }

  /// After a change. Who waits may take part in the next one before all are told: each is told once.
  void raise() {
    for (std::size_t left = run([&] { return count_; }); left != 0; --left)
      if (auto* const word = raise_next()) toro::detail::wake(*word, 1);  // by its address: it may be gone by now
  }

  /// What `attempt()` returns, called as in run(); as long as that is Error::again, and the caller `waits`, it is tried
  /// anew after each change. `what` is a literal for the debugger.
  template <class F>
  [[nodiscard]] FileResult until_done(bool waits, const char* what, F attempt) {
    for (;;) {
      std::atomic<std::uint32_t> raised = 0;
      inet::Watch watch{.links = {}, .raised = &raised};
      const FileResult result = run([&] {
        FileResult tried = attempt();
        if (waits && tried == kAgain) add(watch);
        return tried;
      });
      if (!waits || result != kAgain) return result;
      const auto* const word = reinterpret_cast<const std::uint32_t*>(&raised);
      const Result waited = wait_futex(word, 0, what, process::kNoDeadline);
      unwatch(watch);
      if (waited == posix::failure(Error::interrupted)) return std::unexpected(kInterrupted);
    }
  }

  static constexpr std::unexpected kAgain{static_cast<filesystem::Error>(Error::again)};

 private:
  static constexpr auto kInterrupted = static_cast<filesystem::Error>(Error::interrupted);

  void add(inet::Watch& watch) {
    watches_.push(watch);
    ++count_;
  }
  void remove(inet::Watch& watch) {
    watches_.remove(watch);
    --count_;
  }
  std::atomic<std::uint32_t>* raise_next() {
    const arch::SpinLockGuard guard(lock_);
    inet::Watch* const watch = watches_.pop();
    if (watch == nullptr) return nullptr;
    watches_.push(*watch);
    return watch->raise();
  }

  arch::SpinLock lock_;
  inet::List<inet::Watch, &inet::Watch::links> watches_;
  std::size_t count_ = 0;
};

}  // namespace toro::posix
