// Physical memory as it can be read before the kernel's own page tables are active. [SDM 3A 4.5]
#include "kernel/arch/x86_64/boot_map.hpp"

#include "kernel/arch/x86_64/cpu.hpp"

namespace toro::arch {

std::span<const std::byte> show_physical(std::uint64_t address, std::size_t length) {
  constexpr std::uint64_t kGib = std::uint64_t{1} << 30;
  constexpr std::uint64_t kLargePageSize = std::uint64_t{1} << 21;
  constexpr std::uint64_t kPresentWritable = 3;
  constexpr std::uint64_t kLargePage = 0x81;  // present
  // toro.ld, toro_boot_page_tables: the page map level 4, its first page directory pointer table, two page directories.
  // They did not move with the image.
  using Tables = std::uint64_t[4][512];
  auto& tables = *reinterpret_cast<Tables*>(read_cr3());
  auto& pointers = tables[1];
  auto& window = tables[3];
  const std::uint64_t gib = address / kGib;
  if (gib >= std::size(pointers) || length > kGib - address % kGib) return {};
  if (pointers[gib] == 0) {
    for (std::uint64_t i = 1; i < std::size(pointers); ++i) pointers[i] = 0;
    for (std::uint64_t i = 0; i < std::size(window); ++i) window[i] = gib * kGib + i * kLargePageSize + kLargePage;
    pointers[gib] = reinterpret_cast<std::uint64_t>(window) + kPresentWritable;
    write_cr3(read_cr3());
  }
  return {reinterpret_cast<const std::byte*>(address), length};
}

}  // namespace toro::arch
