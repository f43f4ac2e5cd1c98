// The network, which is there when it is first used.
#pragma once

namespace platform {

inline bool start_network() {
  return true;
}

}  // namespace platform
