// Files in memory: a private mapping is a copy of the file as it was. [mmap(2)]
#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/posix/file_calls.hpp"
#include "kernel/posix/mapping.hpp"

namespace toro::posix {
namespace {

using filesystem::failure;
using filesystem::names;
using FileFailure = filesystem::Error;

constexpr auto kNoSuchDevice = static_cast<FileFailure>(19);  // ENODEV: it cannot be mapped

FileResult as_file_result(Result result) {
  if (result < 0) return failure(static_cast<FileFailure>(-result));
  return result;
}

filesystem::Result<> read_whole(filesystem::OpenFile& file, std::uint64_t offset, std::span<std::byte> to) {
  while (!to.empty()) {
    const std::size_t count = TRY(names().read_at(file, offset, to));
    if (count == 0) break;  // beyond the end are zeros
    offset += count;
    to = to.subspan(count);
  }
  return {};
}

}  // namespace

/// mmap(address, length, protection, flags, descriptor, offset)
FileResult call_mmap(SyscallFrame& frame) {
  const std::size_t bytes = frame.argument(1);
  const std::uint64_t protection = frame.argument(2);
  const std::uint64_t flags = frame.argument(3);
  const std::uint64_t offset = frame.argument(5);
  if ((flags & kMapAnonymous) != 0) return as_file_result(sys_mmap(frame));
  const auto file = TRY(Descriptor::find(frame.value<std::int32_t>(4)));
  if (!file.is_file()) return failure(kNoSuchDevice);
  if ((flags & kMapPrivate) == 0) return failure(kNoSuchDevice);  // nobody would see what is written there
  if ((flags & kMapFixed) != 0 || offset % arch::paging::kPageSize != 0) return failure(FileFailure::invalid);
  const auto address = static_cast<std::uintptr_t>(TRY(as_file_result(map_pages(bytes, kProtectRead | kProtectWrite))));
  const auto filled = read_whole(*file, offset, {reinterpret_cast<std::byte*>(address), bytes});
  const FileResult result =
      filled ? as_file_result(protect_pages(address, bytes, protection)) : failure(filled.error());
  if (result) return static_cast<std::int64_t>(address);
  static_cast<void>(unmap_pages(address, bytes));
  return result;
}

}  // namespace toro::posix
