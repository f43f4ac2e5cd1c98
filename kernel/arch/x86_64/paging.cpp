// The page tables. [SDM 3A 4.5]
#include "kernel/arch/x86_64/paging.hpp"

#include <initializer_list>
#include <span>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/spin_lock.hpp"

namespace toro::arch::paging {
namespace {

using Entry = std::uint64_t;

constexpr Entry kPresent = 1 << 0;
constexpr Entry kWritable = 1 << 1;
constexpr Entry kWriteThrough = 1 << 3;
constexpr Entry kCacheDisable = 1 << 4;
constexpr Entry kAccessed = 1 << 5;
constexpr Entry kDirty = 1 << 6;
constexpr Entry kLarge = 1 << 7;
constexpr Entry kNoExecute = Entry{1} << 63;
constexpr Entry kAddress = 0x000ffffffffff000;
constexpr Entry kRights = kPresent | kWritable | kCacheDisable | kWriteThrough | kNoExecute;

constexpr unsigned kEntries = 512;
constexpr unsigned kTopLevel = 4;
/// The identity map ends where the lower half of the address space does.
constexpr std::uintptr_t kEnd = std::uintptr_t{1} << 47;

constinit Entry* root = nullptr;
constinit TablePageSource source_of_tables = nullptr;
constinit bool active = false;
constinit SpinLock lock{};        // who changes the tables holds it
constinit bool replaced = false;  // under the lock: an entry was that other cores may have
constinit bool has_gib_pages = false;

constexpr Entry bits_of(Access access) {
  constexpr Entry used = kPresent | kAccessed | kDirty;  // set beforehand, so that the processor does not write them
  switch (access) {
    case Access::none:
      return 0;
    case Access::read:
      return used | kNoExecute;
    case Access::read_execute:
      return used;
    case Access::read_write:
      return used | kWritable | kNoExecute;
    case Access::device:
      return used | kWritable | kNoExecute | kCacheDisable | kWriteThrough;
  }
  return 0;
}

constexpr Access access_of(Entry entry) {
  for (Access access : {Access::read, Access::read_execute, Access::read_write, Access::device})
    if ((entry & kRights) == (bits_of(access) & kRights)) return access;
  return Access::none;
}

constexpr std::uintptr_t span_of(unsigned level) {
  return std::uintptr_t{1} << (12 + 9 * (level - 1));
}
constexpr unsigned index_of(std::uintptr_t address, unsigned level) {
  return static_cast<unsigned>(address >> (12 + 9 * (level - 1))) % kEntries;
}
constexpr bool is_table(Entry entry, unsigned level) {
  return level > 1 && (entry & (kPresent | kLarge)) == kPresent;
}
Entry* table_of(Entry entry) {
  return reinterpret_cast<Entry*>(entry & kAddress);
}
bool can_be_leaf(unsigned level) {
  return level <= 2 || (level == 3 && has_gib_pages);
}

constexpr Entry leaf(std::uintptr_t address, Entry bits, unsigned level) {
  if ((bits & kPresent) == 0) return 0;
  return address | bits | (level > 1 ? kLarge : 0);
}

/// Makes entries of a table leaves side by side, the first at `begin`.
void fill(std::span<Entry> entries, std::uintptr_t begin, Entry bits, unsigned level) {
  Entry next = leaf(begin, bits, level);
  const std::uintptr_t span = next != 0 ? span_of(level) : 0;
  for (Entry& entry : entries) {
    entry = next;
    next += span;
  }
}

/// Replaces the leaf (or hole) `entry` by a table that maps the same.
bool split(Entry& entry, std::uintptr_t begin, unsigned level) {
  const std::uintptr_t page = source_of_tables();
  if (page == 0) return false;
  auto* table = reinterpret_cast<Entry*>(page);
  if ((entry & kPresent) != 0) fill({table, kEntries}, begin, entry & ~kAddress & ~kLarge, level - 1);
  entry = page | kPresent | kWritable | kAccessed;
  return true;
}

/// The lowest level, where all are leaves: most of what a boot sets.
void set_pages(Entry* entry, std::uintptr_t begin, std::uintptr_t end, Entry bits) {
  if (!active) return fill({entry, (end - begin) / span_of(1)}, begin, bits, 1);
  for (; begin < end; begin += span_of(1), ++entry) {
    const Entry wanted = leaf(begin, bits, 1);
    if (*entry == wanted) continue;
    if ((*entry & kPresent) != 0) replaced = true;
    *entry = wanted;
    invalidate_page(begin);
  }
}

bool set_in_table(Entry* table, unsigned level, std::uintptr_t begin, std::uintptr_t end, Entry bits) {
  if (level == 1) {
    set_pages(table + index_of(begin, 1), begin, end, bits);
    return true;
  }
  while (begin < end) {
    Entry& entry = table[index_of(begin, level)];
    const std::uintptr_t start = begin & ~(span_of(level) - 1);
    const std::uintptr_t stop = start + span_of(level);
    const std::uintptr_t part_end = end < stop ? end : stop;
    const bool whole = begin == start && part_end == stop;
    if (!is_table(entry, level) && entry == leaf(start, bits, level)) {
      // As it should be: to split it would take a page, and pages are freed also when there is none.
    } else if (whole && can_be_leaf(level) && !is_table(entry, level)) {
      replaced = replaced || (entry & kPresent) != 0;
      entry = leaf(start, bits, level);
      if (active) invalidate_page(start);
    } else {
      if (!is_table(entry, level) && !split(entry, start, level)) return false;
      if (!set_in_table(table_of(entry), level - 1, begin, part_end, bits)) return false;
    }
    begin = part_end;
  }
  return true;
}

struct Found {
  Entry entry;
  std::uintptr_t end;  ///< one past what the entry covers
};

Found find(std::uintptr_t address) {
  const Entry* table = root;
  for (unsigned level = kTopLevel;; --level) {
    const Entry entry = table[index_of(address, level)];
    if (!is_table(entry, level)) return {entry, (address | (span_of(level) - 1)) + 1};
    table = table_of(entry);
  }
}

}  // namespace

void create(TablePageSource source) {
  source_of_tables = source;
  has_gib_pages = cpuid(0x80000000).eax >= 0x80000001 && (cpuid(0x80000001).edx >> 26 & 1) != 0;
  root = reinterpret_cast<Entry*>(source());
}

bool set_access(std::uintptr_t begin, std::uintptr_t end, Access access) {
  if (end > kEnd) return false;
  const SpinLockGuard guard(lock);
  replaced = false;
  const bool set = set_in_table(root, kTopLevel, begin, end, bits_of(access));
  if (active && replaced) tlb::invalidate_elsewhere();
  return set;
}

Access access_at(std::uintptr_t address) {
  return address < kEnd ? access_of(find(address).entry) : Access::none;
}

std::uintptr_t end_of_same_access(std::uintptr_t address, std::uintptr_t limit) {
  if (address >= kEnd) return UINTPTR_MAX;
  const Access access = access_at(address);
  while (address < kEnd && address < limit && access_at(address) == access) address = find(address).end;
  return address;
}

void activate() {
  write_cr3(reinterpret_cast<std::uintptr_t>(root));
  active = true;
}

void enable_protections() {
  std::uint64_t cr4 = read_cr4();
  if (cpuid(0).eax >= 7) {
    const CpuidResult features = cpuid(7);
    if ((features.ebx >> 7 & 1) != 0) cr4 |= 1 << 20;   // SMEP
    if ((features.ebx >> 20 & 1) != 0) cr4 |= 1 << 21;  // SMAP
    if ((features.ecx >> 2 & 1) != 0) cr4 |= 1 << 11;   // UMIP
  }
  write_cr4(cr4);
}

}  // namespace toro::arch::paging
