// Translates what a Multiboot2 loader hands over into PVH's start info, by which the kernel boots.
#include "kernel/firmware/multiboot2.hpp"

#include <algorithm>
#include <cstring>

#include "kernel/arch/x86_64/boot_map.hpp"
#include "kernel/arch/x86_64/pvh.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/boot/stages.hpp"
#include "kernel/panic.hpp"

namespace toro::boot {
namespace {

namespace loader = firmware::multiboot2;

constexpr std::size_t kMostText = 4096;  // as start.cpp keeps it
constexpr std::size_t kMostInformation = std::size_t{1} << 20;

/// Copies: the loader's memory is given away later.
constinit arch::pvh::MemoryMapEntry ram[std::size(Information{}.ram)]{};
constinit std::size_t ram_count = 0;
constinit char text[kMostText]{};
constinit unsigned char root_pointer[64]{};
constinit arch::pvh::StartInfo translated{};

/// UEFI's map has many ranges: neighbours become one, and of more than there is room for, the smallest is left out.
void add_ram(const loader::MemoryRange& range) {
  if (range.type != loader::kRam) return;
  if (ram_count != 0 && ram[ram_count - 1].address + ram[ram_count - 1].size == range.address) {
    ram[ram_count - 1].size += range.length;
    return;
  }
  const arch::pvh::MemoryMapEntry entry{range.address, range.length, arch::pvh::MemoryType::ram, 0};
  if (ram_count < std::size(ram)) {
    ram[ram_count++] = entry;
    return;
  }
  auto* smallest = &ram[0];
  for (auto& other : ram)
    if (other.size < smallest->size) smallest = &other;
  if (smallest->size < entry.size) *smallest = entry;
}

void copy_text(const char* from, std::size_t length) {
  if (length >= kMostText) panic("command line: longer than the {} bytes that are kept", kMostText - 1);
  std::memcpy(text, from, length);
  text[length] = '\0';
}

firmware::Bytes view(std::uint64_t address, std::size_t length) {
  const auto bytes = arch::show_physical(address, length);
  if (bytes.size() != length) panic("multiboot2: {} bytes at {:#x} cannot be read", length, address);
  return bytes;
}

}  // namespace

extern "C" void toro_translate_multiboot2() {
  if (start_info->magic != arch::pvh::kMultiboot2Magic) return;
  const std::uint64_t address = start_info->module_list;
  const std::size_t length = firmware::load<loader::Header>(view(address, sizeof(loader::Header))).length;
  if (length > kMostInformation) panic("multiboot2: {} bytes of information", length);
  const auto information = loader::read(view(address, length));
  if (!information) panic("multiboot2: {}", firmware::describe(information.error()));

  // The window of `view` moves with the module, which comes last.
  loader::visit_memory(*information, add_ram);
  const auto root = information->root_pointer.first(std::min(information->root_pointer.size(), sizeof root_pointer));
  std::memcpy(root_pointer, root.data(), root.size());
  copy_text(information->command_line.data(), information->command_line.size());
  if (const std::size_t size = information->module_end - information->module_begin; size != 0)
    copy_text(reinterpret_cast<const char*>(view(information->module_begin, size).data()), size);

  translated = {.magic = arch::pvh::kMagic,
                .version = 1,
                .flags = 0,
                .module_count = 0,
                .module_list = 0,
                .command_line = reinterpret_cast<std::uintptr_t>(text),
                .rsdp = root.empty() ? 0 : reinterpret_cast<std::uintptr_t>(root_pointer),
                .memory_map = reinterpret_cast<std::uintptr_t>(ram),
                .memory_map_entries = static_cast<std::uint32_t>(ram_count),
                .reserved = 0};
  start_info = &translated;
}

TORO_BOOT_STAGE(multiboot2_stage, "multiboot2", toro_translate_multiboot2, &traps_stage);

}  // namespace toro::boot
