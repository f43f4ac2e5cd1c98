// Terminal modes.
#include "sdk/cli/host/terminal.hpp"

#include <unistd.h>

namespace toro::cli {

bool may_read_keyboard() {
  return isatty(STDIN_FILENO) == 0 || tcgetpgrp(STDIN_FILENO) == getpgrp();
}

RawKeyboard::RawKeyboard() {
  termios mode{};
  if (!may_read_keyboard() || tcgetattr(STDIN_FILENO, &mode) != 0) return;
  before_ = mode;
  mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);
  mode.c_iflag &= ~static_cast<tcflag_t>(ICRNL | INLCR | IGNCR | IXON);
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  // A stopped tool would leave the terminal like this, and the guest running.
  mode.c_cc[VSUSP] = _POSIX_VDISABLE;
  tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}

RawKeyboard::~RawKeyboard() {
  if (before_) tcsetattr(STDIN_FILENO, TCSADRAIN, &*before_);
}

}  // namespace toro::cli
