// The core's memory: page tables and free pages from the loader's map, and a heap above them.
#include "kernel/memory/memory.hpp"

#include <cstring>
#include <new>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/ioapic.hpp"
#include "kernel/arch/x86_64/lapic.hpp"
#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/arch/x86_64/random.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/boot/stages.hpp"
#include "kernel/panic.hpp"

// Of the linker script; only the addresses mean something.
extern "C" const unsigned char toro_image_start[], toro_text_end[], toro_rodata_end[], toro_image_end[],
    toro_boot_stack_guard[], toro_boot_stack_low[];

namespace toro::memory {
namespace {

using arch::paging::Access;

constinit PageRanges pages_{};
alignas(Heap) constinit unsigned char heap_storage[sizeof(Heap)]{};

std::uintptr_t address_of(const unsigned char* symbol) {
  return reinterpret_cast<std::uintptr_t>(symbol);
}

std::uintptr_t round_up(std::uint64_t address) {
  return (address + kPageSize - 1) & ~(kPageSize - 1);
}
std::uintptr_t round_down(std::uint64_t address) {
  return address & ~(kPageSize - 1);
}

void protect(std::uintptr_t begin, std::uintptr_t end, Access access) {
  if (!arch::paging::set_access(begin, end, access)) panic("memory is out: no page for a page table");
}

/// Whole pages of [begin, end) that are neither page 0, nor the image, nor beyond what boot.S mapped.
void add_free(std::uint64_t begin, std::uint64_t end) {
  const std::uintptr_t low = round_up(begin < kPageSize ? kPageSize : begin);
  const std::uintptr_t high = round_down(end);
  const std::uintptr_t image_begin = address_of(toro_image_start);
  const std::uintptr_t image_end = address_of(toro_image_end);
  const auto add = [](std::uintptr_t from, std::uintptr_t to) {
    if (from >= to) return;
    if (!pages_.add({from, (to - from) / kPageSize})) panic("memory map: [{:#x}, {:#x}) overlaps", from, to);
  };
  if (high <= image_begin || low >= image_end) return add(low, high);
  add(low, low < image_begin ? image_begin : low);
  add(high > image_end ? image_end : high, high);
}

constexpr std::uint64_t kMappedAtEntry = std::uint64_t{1} << 30;

/// Calls `f(begin, end)` for each range of RAM, cut at `from` and `to`.
template <class F>
void for_ram(std::uint64_t from, std::uint64_t to, F f) {
  for (const boot::MemoryRange& ram : boot::information().ram_ranges()) {
    const std::uint64_t begin = ram.begin > from ? ram.begin : from;
    const std::uint64_t end = ram.end < to ? ram.end : to;
    if (begin < end) f(begin, end);
  }
}

void start_paging() {
  // The tables come out of memory that boot.S mapped; the rest is added once it is mapped too.
  for_ram(0, kMappedAtEntry, add_free);
  arch::paging::create([] { return allocate_zeroed_pages(1); });
  for_ram(0, UINT64_MAX, [](std::uint64_t begin, std::uint64_t end) {
    protect(round_up(begin), round_down(end), Access::read_write);
  });
  protect(0, kPageSize, Access::none);
  protect(address_of(toro_image_start), address_of(toro_text_end), Access::read_execute);
  protect(address_of(toro_text_end), address_of(toro_rodata_end), Access::read);
  protect(address_of(toro_boot_stack_guard), address_of(toro_boot_stack_low), Access::none);
  protect(arch::lapic::kBase, arch::lapic::kBase + kPageSize, Access::device);
  protect(arch::ioapic::kBase, arch::ioapic::kBase + kPageSize, Access::device);
  arch::paging::activate();
  for_ram(kMappedAtEntry, UINT64_MAX, add_free);
}

void start_heap() {
  const PageSource source{
      .allocate = [](void*, std::size_t count, std::size_t alignment) { return allocate_pages(count, alignment); },
      .free =
          [](void*, std::uintptr_t address, std::size_t count) {
            if (!free_pages(address, count)) panic("heap: region {:#x} of {} pages cannot be freed", address, count);
          },
  };
  new (heap_storage) Heap({
      .pages = source,
      .on_fault = [](HeapFault fault, const void* block) { panic("heap: {} at {}", name(fault), block); },
      .secret = arch::random_word(),
  });
}

}  // namespace

std::uintptr_t allocate_pages(std::size_t count, std::size_t alignment) {
  return pages_.allocate(count, alignment).value_or(0);
}

std::uintptr_t allocate_zeroed_pages(std::size_t count) {
  const std::uintptr_t address = allocate_pages(count);
  if (address != 0) std::memset(reinterpret_cast<void*>(address), 0, count * kPageSize);
  return address;
}

bool free_pages(std::uintptr_t address, std::size_t count) {
  return arch::paging::set_access(address, address + count * kPageSize, Access::read_write) &&
         pages_.free(address, count).has_value();
}

std::uintptr_t allocate_stack(std::size_t count) {
  const std::uintptr_t guard = allocate_pages(count + 1);
  if (guard == 0) return 0;
  protect(guard, guard + kPageSize, Access::none);
  return guard + kPageSize;
}

std::size_t free_bytes() {
  return pages_.free_bytes();
}

Heap& heap() {
  return *reinterpret_cast<Heap*>(heap_storage);
}

}  // namespace toro::memory

namespace toro::boot {

TORO_BOOT_STAGE(paging_stage, "paging", memory::start_paging, &traps_stage, &memory_map_stage);
TORO_BOOT_STAGE(heap_stage, "heap", memory::start_heap, &paging_stage);

}  // namespace toro::boot
