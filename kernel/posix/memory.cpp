// System calls on memory: anonymous pages and their rights.
#include "kernel/memory/memory.hpp"

#include <new>

#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/boot/stages.hpp"
#include "kernel/panic.hpp"
#include "kernel/posix/mapping.hpp"
#include "kernel/posix/page_set.hpp"

namespace toro::posix {
namespace {

using arch::paging::Access;
using memory::kPageSize;

constexpr std::uint64_t kExecute = 4;

constexpr std::size_t kLongest = std::size_t{1} << 46;

std::size_t pages_of(std::size_t bytes) {
  return (bytes + kPageSize - 1) / kPageSize;
}

constexpr Access access_of(std::uint64_t protection) {
  if (protection == 0) return Access::none;
  if ((protection & kExecute) != 0) return Access::read_execute;
  return (protection & kProtectWrite) != 0 ? Access::read_write : Access::read;
}

/// No page is writable and executable.
constexpr bool is_allowed(std::uint64_t protection) {
  return (protection & (kProtectWrite | kExecute)) != (kProtectWrite | kExecute);
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

Result map_pages(std::size_t bytes, std::uint64_t protection) {
  if (bytes == 0) return failure(Error::invalid);
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

Result unmap_pages(std::uintptr_t begin, std::size_t bytes) {
  if (begin % kPageSize != 0 || bytes == 0 || bytes > kLongest) return failure(Error::invalid);
  const std::size_t pages = pages_of(bytes);
  if (!mapped.remove(begin / kPageSize, pages)) return failure(Error::invalid);
  return memory::free_pages(begin, pages) ? 0 : failure(Error::invalid);
}

Result protect_pages(std::uintptr_t begin, std::size_t bytes, std::uint64_t protection) {
  if (begin % kPageSize != 0 || bytes > kLongest) return failure(Error::invalid);
  if (!is_allowed(protection)) return failure(Error::access);
  const std::size_t pages = pages_of(bytes);
  if (!mapped.contains(begin / kPageSize, pages)) return failure(Error::no_memory);
  const std::uintptr_t end = begin + pages * kPageSize;
  return arch::paging::set_access(begin, end, access_of(protection)) ? 0 : failure(Error::no_memory);
}

Result sys_mmap(SyscallFrame& frame) {
  const std::uint64_t flags = frame.argument(3);
  if ((flags & kMapFixed) != 0 || (flags & kMapAnonymous) == 0) return failure(Error::invalid);
  return map_pages(frame.argument(1), frame.argument(2));
}

Result sys_munmap(SyscallFrame& frame) {
  return unmap_pages(frame.argument(0), frame.argument(1));
}

Result sys_mprotect(SyscallFrame& frame) {
  return protect_pages(frame.argument(0), frame.argument(1), frame.argument(2));
}

/// Advice that nobody takes, but for that which promises what pages hold afterwards. [madvise(2)]
Result sys_madvise(SyscallFrame& frame) {
  enum Advice : std::uint32_t { kDontNeed = 4, kRemove = 9, kDontNeedLocked = 24 };  // zeros are read afterwards
  switch (frame.value<std::uint32_t>(2)) {
    case kDontNeed:
    case kRemove:
    case kDontNeedLocked:
      return failure(Error::invalid);
    default:
      return 0;
  }
}

/// The program break cannot move: malloc is the core's heap.
Result sys_brk(SyscallFrame&) {
  return 0;
}

}  // namespace toro::posix

namespace toro::boot {

TORO_BOOT_STAGE(mapped_pages_stage, "mapped pages", posix::make_room_for_mapped, &heap_stage);

}  // namespace toro::boot
