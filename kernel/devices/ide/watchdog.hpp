// Sees to it that no task of a drive lasts for ever.
#pragma once

#include <cstdint>

namespace toro::ide {

/// Something with one task at a time. Lives for ever, on the core on which it joins.
class Watched {
 public:
  /// A number for the task that is in flight, another for each; 0 while there is none.
  [[nodiscard]] virtual std::uint64_t task_in_flight() = 0;
  /// The task lasts too long. In a thread, with interrupts off.
  virtual void give_up() = 0;

  /// A task begins: it has fifteen seconds at least, and thirty at most. With interrupts off.
  static void watch();

 protected:
  ~Watched() = default;
  /// Takes part. At boot.
  void join_watch();

 private:
  friend class Watchdog;
  std::uint64_t seen_ = 0;  // in flight when the watchdog looked last
  Watched* next_ = nullptr;
};

}  // namespace toro::ide
