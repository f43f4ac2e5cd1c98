// The first network interface, as an /init brings it up.
#pragma once

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "modules.hpp"

namespace platform {

/// At 10.0.2.15/24, where QEMU's user networking expects a guest. Whether there is an interface.
inline bool start_network() {
  load_modules();
  const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "eth0");
  // The driver may still be looking for its device.
  for (int i = 0; i < 500 && ioctl(control, SIOCGIFINDEX, &request) != 0; ++i) usleep(10'000);
  const auto set_address = [&](unsigned long what, const char* text) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, text, &address.sin_addr);
    std::memcpy(&request.ifr_addr, &address, sizeof address);
    return ioctl(control, what, &request) == 0;
  };
  bool good = set_address(SIOCSIFADDR, "10.0.2.15") && set_address(SIOCSIFNETMASK, "255.255.255.0");
  request.ifr_flags = IFF_UP;
  good = good && ioctl(control, SIOCSIFFLAGS, &request) == 0;
  // It comes up some time later, and says nothing before.
  const auto is_running = [&] {
    return ioctl(control, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_RUNNING) != 0;
  };
  for (int i = 0; i < 500 && good && !is_running(); ++i) usleep(10'000);
  close(control);
  return good;
}

}  // namespace platform
