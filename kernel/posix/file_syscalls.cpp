// System calls of images that use files. Linked where something refers to toro_file_system_calls.
#include "kernel/posix/file_calls.hpp"
#include "kernel/posix/joined_calls.hpp"
#include "kernel/process/scheduler.hpp"

extern "C" const char toro_file_system_calls;
extern "C" constinit const char toro_file_system_calls = 0;

namespace toro::posix {
namespace {

/// What was written is on its medium before the machine ends.
Result exit_group(SyscallFrame& frame) {
  {
    const FloatingPointState state;
    static_cast<void>(filesystem::names().finish());  // errors are reported
  }
  return sys_exit_group(frame);
}

constexpr auto kFileEntries = std::to_array<SyscallEntry>({
    {0, handle<call_read>},         {1, handle<call_write>},
    {2, handle<call_open>},         {3, handle<call_close>},
    {4, handle<call_stat>},         {5, handle<call_fstat>},
    {6, handle<call_lstat>},        {8, handle<call_lseek>},
    {9, handle<call_mmap>},         {16, handle<call_ioctl>},
    {17, handle<call_pread>},       {18, handle<call_pwrite>},
    {19, handle<call_readv>},       {20, handle<call_writev>},
    {21, handle<call_access>},      {32, handle<call_dup>},
    {33, handle<call_dup2>},        {72, handle<call_fcntl>},
    {74, handle<call_fsync>},       {75, handle<call_fsync>},  // fdatasync
    {76, handle<call_truncate>},    {77, handle<call_ftruncate>},
    {79, handle<call_getcwd>},      {80, handle<call_chdir>},
    {81, handle<call_fchdir>},      {82, handle<call_rename>},
    {83, handle<call_mkdir>},       {84, handle<call_rmdir>},
    {85, handle<call_creat>},       {86, handle<call_link>},
    {87, handle<call_unlink>},      {88, handle<call_symlink>},
    {89, handle<call_readlink>},    {90, handle<call_chmod>},
    {91, handle<call_fchmod>},      {92, handle<call_chown>},
    {93, handle<call_fchown>},      {95, handle<call_umask>},
    {137, handle<call_statfs>},     {138, handle<call_fstatfs>},
    {162, handle<call_sync>},       {165, handle<call_mount>},
    {166, handle<call_umount2>},    {231, exit_group},
    {40, handle<call_sendfile>},    {326, handle<call_copy_file_range>},
    {217, handle<call_getdents64>}, {257, handle<call_openat>},
    {258, handle<call_mkdirat>},    {260, handle<call_fchownat>},
    {262, handle<call_newfstatat>}, {263, handle<call_unlinkat>},
    {264, handle<call_renameat>},   {265, handle<call_linkat>},
    {266, handle<call_symlinkat>},  {267, handle<call_readlinkat>},
    {268, handle<call_fchmodat>},   {269, handle<call_faccessat>},
    {280, handle<call_utimensat>},  {292, handle<call_dup3>},
    {295, handle<call_preadv>},     {296, handle<call_pwritev>},
    {302, handle<call_prlimit>},    {332, handle<call_statx>},
    {439, handle<call_faccessat>},  // faccessat2
});

/// Of those that every image has, the ones that are not among the files'.
constexpr bool is_common(const SyscallEntry& entry) {
  return std::ranges::find(kFileEntries, entry.number, &SyscallEntry::number) == kFileEntries.end();
}

constexpr auto kEntries = [] {
  constexpr auto common = common_entries();
  constexpr auto count = static_cast<std::size_t>(std::ranges::count_if(common, is_common));
  std::array<SyscallEntry, count + kFileEntries.size()> all{};
  const auto rest = std::ranges::copy_if(common, all.begin(), is_common).out;
  std::ranges::copy(kFileEntries, rest);
  return all;
}();

}  // namespace

extern "C" Result toro_syscall(SyscallFrame& frame) {
  process::Scheduler::current().interrupted = false;  // what did not end the call before ends none
  for (const auto find : {find_socket_call, find_poll_call, find_event_call})
    if (find != nullptr)
      if (const Handler handler = find(frame.number)) return handler(frame);
  return dispatch<kEntries>(frame);
}

}  // namespace toro::posix
