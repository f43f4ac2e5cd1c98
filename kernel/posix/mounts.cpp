// System calls that mount and unmount.
#include "kernel/filesystem/mounting.hpp"
#include "kernel/posix/file_calls.hpp"

namespace toro::posix {
namespace {

using filesystem::failure;
using FileFailure = filesystem::Error;

/// [Linux include/uapi/linux/mount.h]
constexpr std::uint64_t kReadOnly = 1;
constexpr std::uint64_t kOtherWork = 32 | 4096 | 8192;  // MS_REMOUNT, MS_BIND, MS_MOVE

std::string_view text(const char* pointer) {
  return pointer == nullptr ? std::string_view() : pointer;
}

/// "core=1", or nothing.
filesystem::Result<std::uint32_t> core_of(std::string_view data) {
  constexpr std::string_view kName = "core=";
  if (data.empty()) return 0U;
  if (!data.starts_with(kName) || data.size() > kName.size() + 3) return failure(FileFailure::invalid);
  std::uint32_t core = 0;
  for (const char c : data.substr(kName.size())) {
    if (c < '0' || c > '9') return failure(FileFailure::invalid);
    core = 10 * core + static_cast<std::uint32_t>(c - '0');
  }
  return core;
}

}  // namespace

/// mount(source, target, type, flags, data): the type may be null or "auto", the data is null or "core=N".
FileResult call_mount(SyscallFrame& frame) {
  const auto at = TRY(Location::of(kWorkingDirectory, frame.pointer<const char>(1)));
  const std::string_view type = text(frame.pointer<const char>(2));
  const std::uint64_t flags = frame.argument(3);
  if ((flags & kOtherWork) != 0) return failure(FileFailure::not_supported);
  const MountOptions options{.kind = type == "auto" ? std::string_view() : type,
                             .core = TRY(core_of(text(frame.pointer<const char>(4)))),
                             .read_only = (flags & kReadOnly) != 0};
  TRY(filesystem::mount(text(frame.pointer<const char>(0)), at.view(), options));
  return 0;
}

FileResult call_umount2(SyscallFrame& frame) {
  const auto at = TRY(Location::of(kWorkingDirectory, frame.pointer<const char>(0)));
  TRY(filesystem::unmount(at.view()));
  return 0;
}

}  // namespace toro::posix
