// A lock for the few things that all cores share: held for some tens of instructions, with interrupts off.
#pragma once

#include <atomic>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/tlb.hpp"

namespace toro::arch {

class SpinLock {
 public:
  constexpr SpinLock() = default;
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;

 private:
  friend class ThreadSpinLockGuard;

  void lock() {
    while (held_.exchange(true, std::memory_order_acquire))
      while (held_.load(std::memory_order_relaxed)) {
        asm volatile("pause");
        tlb::acknowledge();  // the holder may be waiting for this core to
      }
  }
  void unlock() { held_.store(false, std::memory_order_release); }

  std::atomic<bool> held_ = false;
};

/// Holds `lock` while it lives, for a lock that no interrupt handler takes: interrupts stay on. Threads.
class ThreadSpinLockGuard {
 public:
  explicit ThreadSpinLockGuard(SpinLock& lock) : lock_(lock) { lock_.lock(); }
  ~ThreadSpinLockGuard() { lock_.unlock(); }
  ThreadSpinLockGuard(const ThreadSpinLockGuard&) = delete;
  ThreadSpinLockGuard& operator=(const ThreadSpinLockGuard&) = delete;

 private:
  SpinLock& lock_;
};

/// The same with interrupts off. Any context but NMI; the holder must not block, and must not take the lock again.
class SpinLockGuard {
 public:
  explicit SpinLockGuard(SpinLock& lock) : guard_(lock) {}

 private:
  InterruptsOff off_;
  ThreadSpinLockGuard guard_;
};

}  // namespace toro::arch
