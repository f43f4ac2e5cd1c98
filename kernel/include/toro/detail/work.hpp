// What run_on() and post() are made of: work that waits for a worker thread of a core. Not for applications.
#pragma once

#include <cstdint>

#include "toro/detail/mailbox.hpp"

namespace toro::detail {

/// Something for a worker thread of a core. Whoever made it keeps it until it has run.
struct Work : Parcel {
  explicit Work(void (*run_)(Work& work)) : run(run_) {}
  void (*run)(Work& work);
};

/// Queues `work` on `core`, to be run by a thread there that may block; returns at once. Threads only. In the C
/// library's glue, which makes the worker threads: they are the C library's.
void submit(std::uint32_t core, Work& work);

// The kernel's side.

/// Gives `work` to the workers of `core`.
void give_work(std::uint32_t core, Work& work);

/// The next work of this core; waits for it.
[[nodiscard]] Work& next_work();

/// True for the first caller that asks for `core`: it makes that core's first worker.
[[nodiscard]] bool claim_first_worker(std::uint32_t core);

/// What one thread waits for and another, on any core, opens once.
class Gate : Parcel {
 public:
  Gate();
  void wait();
  /// The gate may be gone as soon as it is open. Threads.
  void open();
  /// The same for a message, which must not wait for room to answer: a thread does where there is none.
  void open_from_message();

 private:
  void pass();

  void* thread_;
  std::uint32_t core_;
  bool open_ = false;  // written on core_ only
};

}  // namespace toro::detail
