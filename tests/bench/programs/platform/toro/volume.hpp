// What files lie on, as Toro mounts it.
#pragma once

#include <toro/block.hpp>

#include <sys/mount.h>
#include <sys/stat.h>

#include <string_view>

namespace platform {

/// What is to be mounted for the first volume of that kind, "ext2" or "virtiofs"; null where there is none.
inline const char* source_of(std::string_view kind) {
  if (kind == "ext2") return toro::block_devices().empty() ? nullptr : "disk0";
  // Only mounting it shows whether it is there.
  mkdir("/probe", 0755);
  if (mount("share0", "/probe", "virtiofs", 0, nullptr) != 0) return nullptr;
  umount("/probe");
  return "share0";
}

}  // namespace platform
