// What files lie on, as Linux mounts it.
#pragma once

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "modules.hpp"

namespace platform {

/// What is to be mounted for the first volume of that kind, "ext2" or "virtiofs"; null where there is none.
inline const char* source_of(std::string_view kind) {
  static const bool ready = [] {
    load_modules();
    return mount("devtmpfs", "/dev", "devtmpfs", 0, nullptr) == 0;
  }();
  mkdir("/probe", 0755);
  const char* const source = kind == "ext2" ? "/dev/vda" : "share0";
  // The driver may still be looking for its device.
  for (int i = 0; i < 50 && ready; ++i) {
    if (mount(source, "/probe", kind.data(), 0, nullptr) == 0) {
      umount("/probe");
      return source;
    }
    usleep(10'000);
  }
  return nullptr;
}

}  // namespace platform
