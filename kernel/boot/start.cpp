// The kernel's first C++: runs the stages, then becomes the idle thread.
#include <cstring>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/descriptor_tables.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/arch/x86_64/pvh.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/boot/stages.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/panic.hpp"
#include "kernel/process/scheduler.hpp"

extern "C" const char toro_application_name[];
extern "C" const unsigned char toro_boot_stack_high[];  // toro.ld

namespace toro::boot {

constinit const arch::pvh::StartInfo* start_info = nullptr;

namespace {

constinit Information information_{};
constinit CommandLine command_line_{};
constinit char given_text[4096]{};
constinit char split_text[4096]{};
constinit char program_name[64]{};

template <std::size_t kSize>
void copy_string(char (&to)[kSize], const char* from) {
  std::size_t i = 0;
  for (; from[i] != '\0'; ++i) {
    if (i + 1 == kSize) panic("command line: longer than the {} bytes that are kept", kSize - 1);
    to[i] = from[i];
  }
  to[i] = '\0';
}

void read_start_info() {
  using namespace arch::pvh;
  if (start_info->magic != kMagic) panic("start info: magic {:#x} found, {:#x} expected", start_info->magic, kMagic);
  if (start_info->version < 1)
    panic("start info: version {} found, 1 or later with a memory map expected", start_info->version);
  const auto* entries = reinterpret_cast<const MemoryMapEntry*>(start_info->memory_map);
  for (std::uint32_t i = 0; i < start_info->memory_map_entries; ++i) {
    if (entries[i].type != MemoryType::ram) continue;
    if (information_.ram_count == std::size(information_.ram))
      panic("memory map: more than {} ranges of RAM", std::size(information_.ram));
    information_.ram[information_.ram_count++] = {entries[i].address, entries[i].address + entries[i].size, 0};
  }
  information_.rsdp = start_info->rsdp;
  copy_string(program_name, toro_application_name);
  if (start_info->command_line != 0) copy_string(given_text, reinterpret_cast<const char*>(start_info->command_line));
  copy_string(split_text, given_text);
  if (const auto parsed = command_line_.parse(split_text, program_name); !parsed)
    panic("command line: {}", message(parsed.error()));
}

/// Those of the other cores have guards before these cores start: cores.cpp.
void guard_stacks_of_boot_core() {
  if (!arch::guard_trap_stacks(0)) panic("memory is out: no page for a page table");
}

}  // namespace

TORO_CORE_STAGE(traps_stage, "traps", arch::make_gates, arch::load_descriptor_tables);
// NOLINTNEXTLINE(readability-redundant-declaration): weak here
[[gnu::weak]] extern Stage multiboot2_stage;  // of a board whose images have that entry
TORO_BOOT_STAGE(memory_map_stage, "memory map", read_start_info, &traps_stage, &multiboot2_stage);
TORO_BOOT_STAGE(trap_stacks_stage, "trap stacks", guard_stacks_of_boot_core, &paging_stage);
TORO_CORE_STAGE(interrupts_stage, "interrupts", nullptr, arch::start_interrupts, &paging_stage);

void set_memory_node(std::uint64_t begin, std::uint64_t end, std::uint32_t node) {
  Information& all = information_;
  for (std::size_t i = 0; i < all.ram_count; ++i) {
    MemoryRange& range = all.ram[i];
    if (end <= range.begin || begin >= range.end) continue;
    const bool cuts_begin = range.begin < begin;
    const bool cuts_end = end < range.end;
    if (all.ram_count + (cuts_begin ? 1 : 0) + (cuts_end ? 1 : 0) > std::size(all.ram)) continue;
    if (cuts_begin) all.ram[all.ram_count++] = {range.begin, begin, range.node};
    if (cuts_end) all.ram[all.ram_count++] = {end, range.end, range.node};
    range = {cuts_begin ? begin : range.begin, cuts_end ? end : range.end, node};
  }
}

const Information& information() {
  return information_;
}
CommandLine& command_line() {
  return command_line_;
}
std::string_view command_line_text() {
  return given_text;
}

extern "C" [[noreturn]] void toro_start(const arch::pvh::StartInfo* info) {
  start_info = info;
  arch::toro_core_entries[0].stack_high = reinterpret_cast<std::uintptr_t>(toro_boot_stack_high);
  arch::paging::enable_protections();
  run_stages(application_stage);
  process::scheduler().idle();
}

}  // namespace toro::boot
