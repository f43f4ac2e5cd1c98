// System calls on memory: anonymous pages and their rights.
#include "kernel/memory/memory.hpp"

#include <new>

#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/boot/stages.hpp"
#include "kernel/panic.hpp"
#include "kernel/posix/page_set.hpp"
#include "kernel/posix/syscall.hpp"

namespace toro::posix {
namespace {

using arch::paging::Access;
using memory::kPageSize;

constexpr std::uint64_t kWrite = 2;
constexpr std::uint64_t kExecute = 4;
constexpr std::uint64_t kFixed = 0x10;
constexpr std::uint64_t kAnonymous = 0x20;

constexpr std::size_t kLongest = std::size_t{1} << 46;

std::size_t pages_of(std::size_t bytes) {
  return (bytes + kPageSize - 1) / kPageSize;
}

constexpr Access access_of(std::uint64_t protection) {
  if (protection == 0) return Access::none;
  if ((protection & kExecute) != 0) return Access::read_execute;
  return (protection & kWrite) != 0 ? Access::read_write : Access::read;
}

/// No page is writable and executable.
constexpr bool is_allowed(std::uint64_t protection) {
  return (protection & (kWrite | kExecute)) != (kWrite | kExecute);
}

/// Pages that the application mapped. Of all others the kernel alone disposes: its own, the heap's, stacks it made.
constinit PageSet mapped{};

void make_room_for_mapped() {
  std::uintptr_t end = 0;
  for (const boot::MemoryRange& ram : boot::information().ram_ranges()) end = ram.end > end ? ram.end : end;
  const std::size_t words = (end / kPageSize + PageSet::kPagesPerWord - 1) / PageSet::kPagesPerWord;
  const std::uintptr_t memory = memory::allocate_zeroed_pages(pages_of(words * sizeof(PageSet::Word)));
  if (memory == 0) panic("memory is out: no room for the set of mapped pages");
  mapped = PageSet({new (reinterpret_cast<void*>(memory)) PageSet::Word[words]{}, words});
}

}  // namespace

Result sys_mmap(SyscallFrame& frame) {
  const std::size_t bytes = frame.argument(1);
  const std::uint64_t protection = frame.argument(2);
  const std::uint64_t flags = frame.argument(3);
  if (bytes == 0 || (flags & kFixed) != 0 || (flags & kAnonymous) == 0) return failure(Error::invalid);
  if (!is_allowed(protection)) return failure(Error::access);
  if (bytes > kLongest) return failure(Error::no_memory);
  const std::size_t pages = pages_of(bytes);
  const std::uintptr_t address = memory::allocate_zeroed_pages(pages);
  if (address == 0) return failure(Error::no_memory);
  const Access access = access_of(protection);
  if (access != Access::read_write && !arch::paging::set_access(address, address + pages * kPageSize, access)) {
    static_cast<void>(memory::free_pages(address, pages));
    return failure(Error::no_memory);
  }
  mapped.add(address / kPageSize, pages);
  return static_cast<Result>(address);
}

Result sys_munmap(SyscallFrame& frame) {
  const std::uintptr_t begin = frame.argument(0);
  if (begin % kPageSize != 0 || frame.argument(1) == 0 || frame.argument(1) > kLongest) return failure(Error::invalid);
  const std::size_t pages = pages_of(frame.argument(1));
  if (!mapped.remove(begin / kPageSize, pages)) return failure(Error::invalid);
  return memory::free_pages(begin, pages) ? 0 : failure(Error::invalid);
}

Result sys_mprotect(SyscallFrame& frame) {
  const std::uintptr_t begin = frame.argument(0);
  if (begin % kPageSize != 0 || frame.argument(1) > kLongest) return failure(Error::invalid);
  if (!is_allowed(frame.argument(2))) return failure(Error::access);
  const std::size_t pages = pages_of(frame.argument(1));
  if (!mapped.contains(begin / kPageSize, pages)) return failure(Error::no_memory);
  const std::uintptr_t end = begin + pages * kPageSize;
  return arch::paging::set_access(begin, end, access_of(frame.argument(2))) ? 0 : failure(Error::no_memory);
}

Result sys_madvise(SyscallFrame&) {
  return 0;
}

/// The program break cannot move: malloc is the core's heap.
Result sys_brk(SyscallFrame&) {
  return 0;
}

}  // namespace toro::posix

namespace toro::boot {

TORO_BOOT_STAGE(mapped_pages_stage, "mapped pages", posix::make_room_for_mapped, &heap_stage);

}  // namespace toro::boot
