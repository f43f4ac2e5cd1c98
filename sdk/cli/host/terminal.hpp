// The user's terminal while the guest's console is on it.
#pragma once

#include <termios.h>

#include <optional>

namespace toro::cli {

/// Keys reach the guest one by one and unechoed; Ctrl-C stays the user's. Restores the terminal when it goes.
class RawKeyboard {
 public:
  /// Does nothing when stdin is no terminal or belongs to another job.
  RawKeyboard();
  RawKeyboard(const RawKeyboard&) = delete;
  RawKeyboard& operator=(const RawKeyboard&) = delete;
  ~RawKeyboard();

 private:
  std::optional<termios> before_;
};

/// True when stdin may be read: it is no terminal, or a terminal that this job owns.
bool may_read_keyboard();

}  // namespace toro::cli
