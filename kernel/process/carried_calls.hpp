// Calls on something that belongs to a core: carried there and back from others, and one at a time.
#pragma once

#include "kernel/include/toro/detail/mailbox.hpp"
#include "kernel/process/thread.hpp"

namespace toro::process {

/// What one caller at a time may use; all of one core. Threads of that core.
struct Exclusive {
  bool& busy;
  WaitQueue& waiters;
  const char* what;  ///< a literal for the debugger: what callers wait for

  void enter() const {
    while (busy) wait();
    busy = true;
  }
  void leave() const {
    busy = false;
    if (waiters.first != nullptr) wake_one();
  }

  // When nobody may enter at once, and when somebody waits to:
  void wait() const;
  void wake_one() const;
};

/// Has a thread of `core` that waits at `mailbox` call `function(context)`, which may wait; returns when it has.
/// Threads of other cores.
void carry(toro::detail::Mailbox& mailbox, std::uint32_t core, void (*function)(void* context), void* context);
/// That thread's part: makes a call that came by the mailbox.
void serve_call(toro::detail::Parcel& parcel);

}  // namespace toro::process
