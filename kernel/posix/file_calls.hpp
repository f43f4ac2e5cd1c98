// System calls on files and names, of images that use files.
#pragma once

#include <optional>
#include <string_view>

#include "kernel/posix/descriptors.hpp"
#include "kernel/posix/syscall.hpp"

namespace toro::posix {

using FileCall = FileResult (*)(SyscallFrame& frame);

/// A directory's descriptor that stands for the working directory. [Linux include/uapi/linux/fcntl.h]
inline constexpr std::int32_t kWorkingDirectory = -100;
inline constexpr std::uint32_t kNoFollow = 0x100;         // AT_SYMLINK_NOFOLLOW
inline constexpr std::uint32_t kRemoveDirectory = 0x200;  // AT_REMOVEDIR
inline constexpr std::uint32_t kFollow = 0x400;           // AT_SYMLINK_FOLLOW
inline constexpr std::uint32_t kEmptyPath = 0x1000;       // AT_EMPTY_PATH

/// Where a path of a system call starts.
struct Location {
  filesystem::Text start;
  const char* path;

  [[nodiscard]] static filesystem::Result<Location> of(std::int32_t directory, const char* path);
  [[nodiscard]] filesystem::Path view() const { return {start.view(), path}; }
};

// file_io.cpp
FileResult call_read(SyscallFrame&);
FileResult call_write(SyscallFrame&);
FileResult call_readv(SyscallFrame&);
FileResult call_writev(SyscallFrame&);
FileResult call_pread(SyscallFrame&);
FileResult call_pwrite(SyscallFrame&);
FileResult call_preadv(SyscallFrame&);
FileResult call_pwritev(SyscallFrame&);
FileResult call_lseek(SyscallFrame&);
FileResult call_ftruncate(SyscallFrame&);
FileResult call_fsync(SyscallFrame&);
FileResult call_sync(SyscallFrame&);
FileResult call_close(SyscallFrame&);
FileResult call_ioctl(SyscallFrame&);
FileResult call_fcntl(SyscallFrame&);
FileResult call_dup(SyscallFrame&);
FileResult call_dup2(SyscallFrame&);
FileResult call_dup3(SyscallFrame&);
FileResult call_getdents64(SyscallFrame&);
// limits.cpp
FileResult call_prlimit(SyscallFrame&);
// file_names.cpp
FileResult call_open(SyscallFrame&);
FileResult call_openat(SyscallFrame&);
FileResult call_creat(SyscallFrame&);
FileResult call_mkdir(SyscallFrame&);
FileResult call_mkdirat(SyscallFrame&);
FileResult call_rmdir(SyscallFrame&);
FileResult call_unlink(SyscallFrame&);
FileResult call_unlinkat(SyscallFrame&);
FileResult call_rename(SyscallFrame&);
FileResult call_renameat(SyscallFrame&);
FileResult call_link(SyscallFrame&);
FileResult call_linkat(SyscallFrame&);
FileResult call_symlink(SyscallFrame&);
FileResult call_symlinkat(SyscallFrame&);
FileResult call_readlink(SyscallFrame&);
FileResult call_readlinkat(SyscallFrame&);
FileResult call_truncate(SyscallFrame&);
FileResult call_getcwd(SyscallFrame&);
FileResult call_chdir(SyscallFrame&);
FileResult call_fchdir(SyscallFrame&);
FileResult call_umask(SyscallFrame&);
// file_attributes.cpp
FileResult call_stat(SyscallFrame&);
FileResult call_lstat(SyscallFrame&);
FileResult call_fstat(SyscallFrame&);
FileResult call_newfstatat(SyscallFrame&);
FileResult call_statx(SyscallFrame&);
FileResult call_access(SyscallFrame&);
FileResult call_faccessat(SyscallFrame&);
FileResult call_chmod(SyscallFrame&);
FileResult call_fchmod(SyscallFrame&);
FileResult call_fchmodat(SyscallFrame&);
FileResult call_chown(SyscallFrame&);
FileResult call_fchown(SyscallFrame&);
FileResult call_fchownat(SyscallFrame&);
FileResult call_utimensat(SyscallFrame&);
FileResult call_statfs(SyscallFrame&);
FileResult call_fstatfs(SyscallFrame&);
// file_devices.cpp
/// The device that a path names, opened; nothing where it names none.
[[nodiscard]] std::optional<filesystem::Result<Stream*>> open_device(std::string_view path);
// file_mapping.cpp
FileResult call_mmap(SyscallFrame&);
// file_copies.cpp
FileResult call_sendfile(SyscallFrame&);
FileResult call_copy_file_range(SyscallFrame&);
// mounts.cpp
FileResult call_mount(SyscallFrame&);
FileResult call_umount2(SyscallFrame&);

}  // namespace toro::posix
