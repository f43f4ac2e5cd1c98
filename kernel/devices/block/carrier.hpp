// Carries requests that have ended back to the cores that they came from.
#pragma once

#include "kernel/include/toro/block.hpp"
#include "kernel/process/thread.hpp"

namespace toro::block {

/// One for each core, a thread of which does it: an interrupt handler cannot send messages. Interrupts must be off.
/// Not also the thread that opens gates for messages (Gate::open_from_message()): to serve both, each request would
/// carry a function and what that is for, which costs each of them and saves 20 lines.
class Carrier {
 public:
  /// Makes the thread, if there is none yet. From a message or a thread.
  void prepare();
  /// The request has ended here. Also from interrupt handlers.
  void take(BlockRequest& request);

 private:
  [[noreturn]] static void run();
  void carry_all();

  process::Thread* thread_;
  BlockRequest* first_;
  BlockRequest* last_;
};

/// This core's.
[[nodiscard]] Carrier& carrier();

}  // namespace toro::block
