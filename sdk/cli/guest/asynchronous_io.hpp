// How QEMU reads and writes the files of disks.
#pragma once

#include <string>
#include <string_view>

namespace toro::cli {

/// QEMU's word for the fastest way that both this host's kernel and the QEMU named `emulator` have: "io_uring", a third
/// of the time of a small request, or "threads".
std::string_view choose_asynchronous_io(const std::string& emulator);

}  // namespace toro::cli
