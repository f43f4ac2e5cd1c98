// Decides when the guest has to be stopped by a non-maskable interrupt, because it does not answer its debugger.
#pragma once

#include <string_view>

#include "sdk/cli/broker/packet_tracker.hpp"

namespace toro::cli {

/// A state machine without time or I/O: its owner tells it what happened and does what it answers.
///
/// One stop never becomes two: the stub ignores an NMI while it has the guest stopped, and ignores 0x03 then as well;
/// and while an NMI is on its way, the debugger's bytes are held back, so that none of them can resume the guest
/// before it has arrived.
class BreakIn {
 public:
  enum class Timer { unchanged, start, stop };

  /// A new debugger is there.
  void connected();
  /// The debugger sent an item.
  Timer debugger_sent(PacketTracker::Item item, std::string_view bytes);
  /// The stub sent an item.
  Timer stub_sent(PacketTracker::Item item, std::string_view bytes);
  /// The guest printed something: it has come so far that it can take an NMI.
  void guest_printed() { guest_alive_ = true; }
  /// The timer ran out. True: inject an NMI now, and call injected() when QEMU has confirmed it.
  [[nodiscard]] bool timer_fired();
  /// The NMI may have come before the debugger's bytes had reached the guest, and so to no effect: where there is still
  /// no answer, it is time for another one after a while.
  [[nodiscard]] Timer injected();

  /// True while the debugger's bytes must wait.
  [[nodiscard]] bool holding() const { return holding_; }
  [[nodiscard]] bool running() const { return running_; }
  [[nodiscard]] bool awaiting() const { return awaiting_; }

 private:
  bool guest_alive_ = false;
  bool running_ = false;   ///< the debugger resumed the guest and no stop has been reported
  bool awaiting_ = false;  ///< the debugger is owed something
  bool holding_ = false;
};

}  // namespace toro::cli
