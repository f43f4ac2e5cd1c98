// The page tables as the processor reads them.
#include "security/page_tables.hpp"

#include "kernel/arch/x86_64/cpu.hpp"

namespace security {
namespace {

constexpr std::uint64_t kPresent = 1 << 0;
constexpr std::uint64_t kWritable = 1 << 1;
constexpr std::uint64_t kLarge = 1 << 7;
constexpr std::uint64_t kNoExecute = std::uint64_t{1} << 63;
constexpr std::uint64_t kAddress = 0x000f'ffff'ffff'f000;
constexpr unsigned kTopLevel = 4;
constexpr unsigned kEntries = 512;

constexpr std::uint64_t span_of(unsigned level) {
  return std::uint64_t{1} << (12 + 9 * (level - 1));
}

/// The upper half of the address space is the sign extension of bit 47.
constexpr std::uintptr_t canonical(std::uintptr_t address) {
  return static_cast<std::uintptr_t>(static_cast<std::int64_t>(address << 16) >> 16);
}

/// `above` carries the rights that the levels above leave.
void walk(std::uint64_t table, unsigned level, const Page& above, const std::function<void(const Page&)>& visit) {
  const auto* entries = reinterpret_cast<const std::uint64_t*>(table & kAddress);
  for (unsigned i = 0; i < kEntries; ++i) {
    const std::uint64_t entry = entries[i];
    if ((entry & kPresent) == 0) continue;
    const Page page{
        .address = canonical(above.address + i * span_of(level)),
        .physical = entry & kAddress & ~(span_of(level) - 1),
        .size = span_of(level),
        .writable = above.writable && (entry & kWritable) != 0,
        .executable = above.executable && (entry & kNoExecute) == 0,
    };
    if (level > 1 && (entry & kLarge) == 0)
      walk(entry, level - 1, page, visit);
    else
      visit(page);
  }
}

}  // namespace

void for_each_page(const std::function<void(const Page&)>& visit) {
  walk(toro::arch::read_cr3(), kTopLevel,
       {.address = 0, .physical = 0, .size = 0, .writable = true, .executable = true}, visit);
}

std::optional<Page> page_of(std::uintptr_t address) {
  std::optional<Page> found;
  for_each_page([&](const Page& page) {
    if (address - page.address < page.size) found = page;
  });
  return found;
}

Rights rights_of(std::uintptr_t address) {
  const auto page = page_of(address);
  if (!page) return Rights::none;
  if (page->writable) return page->executable ? Rights::all : Rights::read_write;
  return page->executable ? Rights::read_execute : Rights::read;
}

}  // namespace security
