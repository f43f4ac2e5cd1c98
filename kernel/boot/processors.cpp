// Which cores the machine has: asked of the firmware's tables before the kernel's own page tables hide them.
#include "kernel/firmware/processors.hpp"
#include "kernel/arch/x86_64/boot_map.hpp"
#include "kernel/arch/x86_64/lapic.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/boot/stages.hpp"
#include "kernel/firmware/acpi.hpp"
#include "kernel/firmware/srat.hpp"

namespace toro::boot {
namespace {

/// Without a table, or with one that breaks off, what it does not name is of node 0.
void find_memory_nodes(const firmware::PhysicalMemory& memory) {
  const auto tables = firmware::acpi::Tables::open(memory, information().rsdp);
  if (!tables) return;
  const auto table = tables->find("SRAT");
  if (!table) return;
  static_cast<void>(firmware::srat::visit_entries(*table, [](const firmware::srat::MemoryAffinity& near) {
    set_memory_node(near.base, near.base + near.length, near.node);
  }));
}

void find_processors() {
  const firmware::PhysicalMemory memory{
      .view = [](void*, std::uint64_t address, std::size_t length) { return arch::show_physical(address, length); }};
  const auto found = firmware::discover_processors(memory, information().rsdp, arch::lapic::initial_id());
  unsigned count = 0;
  for (const firmware::Processor& processor : found.processors()) {
    if (!processor.enabled) continue;
    arch::Core& core = arch::toro_core_entries[count++];
    core.apic_id = processor.apic_id;
    core.node = processor.node;
  }
  arch::toro_core_count = count;
  if (information().rsdp != 0) find_memory_nodes(memory);
}

}  // namespace

TORO_BOOT_STAGE(processors_stage, "processors", find_processors, &memory_map_stage);

}  // namespace toro::boot
