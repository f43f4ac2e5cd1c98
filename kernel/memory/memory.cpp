// The core's memory: page tables and free pages from the loader's map, and a heap above them.
#include "kernel/memory/memory.hpp"

#include <new>
#include <span>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/ioapic.hpp"
#include "kernel/arch/x86_64/lapic.hpp"
#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/arch/x86_64/random.hpp"
#include "kernel/arch/x86_64/tlb.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/boot/stages.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/memory/remote_frees.hpp"
#include "kernel/memory/shares.hpp"
#include "kernel/panic.hpp"

// Of the linker script; only the addresses mean something.
extern "C" const unsigned char toro_image_start[], toro_text_end[], toro_rodata_end[], toro_image_end[],
    toro_boot_stack_guard[], toro_boot_stack_low[];

[[gnu::section(".bss.toro_per_core")]] constinit toro::detail::QuickBlocks toro_quick_blocks{};

namespace toro::memory {

TORO_PER_CORE(HeapStorage, heaps);

namespace {

using arch::paging::Access;

TORO_PER_CORE(RemoteFrees, remote_frees);

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

/// What of the loader's RAM the kernel gives away: whole pages without page 0, the cores' entry and the image.
class UsableRam {
 public:
  UsableRam() {
    for (const boot::MemoryRange& ram : boot::information().ram_ranges()) {
      const std::uintptr_t low = round_up(ram.begin);
      const std::uintptr_t high = round_down(ram.end);
      add(low < kCoreEntryPage + kPageSize ? kCoreEntryPage + kPageSize : low, cut(high, address_of(toro_image_start)),
          ram.node);
      add(low < address_of(toro_image_end) ? address_of(toro_image_end) : low, high, ram.node);
    }
  }
  [[nodiscard]] std::span<const NodeRange> ranges() const { return {ranges_, count_}; }

 private:
  static std::uintptr_t cut(std::uintptr_t end, std::uintptr_t at) { return end < at ? end : at; }

  void add(std::uintptr_t begin, std::uintptr_t end, std::uint32_t node) {
    if (begin < end) ranges_[count_++] = {begin, end, node};
  }

  NodeRange ranges_[2 * std::size(boot::Information{}.ram)];
  std::size_t count_ = 0;
};

constexpr std::uintptr_t kMappedAtEntry = std::uintptr_t{1} << 30;

void start_paging() {
  const UsableRam ram;
  divide(
      ram.ranges(), arch::toro_core_count, [](unsigned core) { return arch::toro_core_entries[core].node; }, add_share);
  // The tables come out of memory that boot_pvh.S mapped, by tables that lie where the image was; the rest is added
  // once it is mapped too.
  const std::uintptr_t loaded_end = boot::kImageLoadedAt + (address_of(toro_image_end) - address_of(toro_image_start));
  open_shares(0, boot::kImageLoadedAt);
  open_shares(loaded_end, kMappedAtEntry);
  arch::paging::create([] { return allocate_zeroed_pages(1); });
  for (const boot::MemoryRange& range : boot::information().ram_ranges())
    protect(round_up(range.begin), round_down(range.end), Access::read_write);
  protect(0, kPageSize, Access::none);
  protect(address_of(toro_image_start), address_of(toro_text_end), Access::read_execute);
  protect(address_of(toro_text_end), address_of(toro_rodata_end), Access::read);
  protect(address_of(toro_boot_stack_guard), address_of(toro_boot_stack_low), Access::none);
  protect(arch::lapic::kBase, arch::lapic::kBase + kPageSize, Access::device);
  protect(arch::IoApic::kUsualBase, arch::IoApic::kUsualBase + kPageSize, Access::device);
  arch::paging::activate();
  open_shares(boot::kImageLoadedAt, loaded_end);
  open_shares(kMappedAtEntry, UINTPTR_MAX);
}

/// Where heap and stacks lie is to be different at each boot, unless the option says otherwise.
void choose_places() {
  if (has_word(boot::command_line_text().data(), boot::kFixedPlaces)) return;
  for (unsigned core = 0; core < arch::toro_core_count; ++core) place_share(core, arch::random_word());
}

bool collect_freed() {
  return arch::toro_core_count > 1 &&
         remote_frees->collect(
             [](void* block) { heap().free(block); },
             [](const void* block) { panic("heap: {} at {}", name(HeapFault::corrupted_list), block); });
}

void start_heap() {
  arch::tlb::join();
  const PageSource source{
      .allocate = [](void*, std::size_t count, std::size_t alignment) { return allocate_pages(count, alignment); },
      .free =
          [](void*, std::uintptr_t address, std::size_t count) {
            if (!free_pages(address, count)) panic("heap: region {:#x} of {} pages cannot be freed", address, count);
          },
  };
  new (&*heaps) Heap(
      {.pages = source,
       .collect = collect_freed,
       .on_fault = [](HeapFault fault, const void* block) { panic("heap: {} at {}", name(fault), block); },
       .secret = arch::random_word(),
       .owner = static_cast<std::uint16_t>(arch::this_core())},
      *reinterpret_cast<QuickBlocks*>(reinterpret_cast<std::uintptr_t>(&toro_quick_blocks) + arch::core_distance()));
}

}  // namespace

Heap& heap() {
  return reinterpret_cast<Heap&>(*heaps);
}

Heap& heap_on(unsigned core) {
  return reinterpret_cast<Heap&>(heaps.on(core));
}

std::optional<unsigned> home_elsewhere(const void* block) {
  if (arch::toro_core_count == 1 || reinterpret_cast<std::uintptr_t>(block) % Heap::kMinimumAlignment != 0) return {};
  const unsigned owner = Heap::owner_of(block);
  if (owner == arch::this_core() || owner >= arch::toro_core_count || !heap_on(owner).is_within(block)) return {};
  return owner;
}

void send_home(void* block, unsigned owner) {
  remote_frees->send(arch::this_core(), owner, remote_frees.on(owner), block);
}

void send_all_home() {
  for (unsigned core = 0; core < arch::toro_core_count; ++core)
    static_cast<void>(remote_frees->offer(arch::this_core(), core, remote_frees.on(core)));
}

std::uint64_t freed_for_others() {
  return remote_frees->sent();
}

}  // namespace toro::memory

namespace toro::boot {

// NOLINTNEXTLINE(readability-redundant-declaration): weak here
[[gnu::weak]] extern Stage processors_stage;  // of an image that uses several cores
// NOLINTNEXTLINE(readability-redundant-declaration): weak here
[[gnu::weak]] extern Stage firmware_tables_stage;  // of a board that asks ACPI

TORO_BOOT_STAGE(paging_stage, "paging", memory::start_paging, &traps_stage, &memory_map_stage, &processors_stage,
                &firmware_tables_stage);
TORO_CORE_STAGE(heap_stage, "heap", memory::choose_places, memory::start_heap, &paging_stage);

}  // namespace toro::boot
