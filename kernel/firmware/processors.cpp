// Reads processors from the MADT and SRAT, or from the MP table.
#include "kernel/firmware/processors.hpp"

#include "kernel/firmware/acpi.hpp"
#include "kernel/firmware/madt.hpp"
#include "kernel/firmware/mp_table.hpp"
#include "kernel/firmware/srat.hpp"

namespace toro::firmware {
namespace {

void start_list(Discovery& discovery, std::uint32_t calling_apic_id) {
  discovery.storage[0] = {.apic_id = calling_apic_id, .enabled = true};
  discovery.count = 1;
  discovery.omitted = 0;
}

Processor* find(Discovery& discovery, std::uint32_t apic_id) {
  for (Processor& processor : std::span{discovery.storage}.first(discovery.count)) {
    if (processor.apic_id == apic_id) return &processor;
  }
  return nullptr;
}

void add(Discovery& discovery, std::uint32_t apic_id, bool enabled) {
  if (Processor* const known = find(discovery, apic_id)) {
    known->enabled |= enabled;
  } else if (discovery.count == kMaxProcessors) {
    ++discovery.omitted;
  } else {
    discovery.storage[discovery.count++] = {.apic_id = apic_id, .enabled = enabled};
  }
}

/// `visit_entries(visit)` calls `visit(apic_id, enabled)` for each processor of a table.
template <class VisitEntries>
std::optional<Error> read_list(Discovery& discovery, std::uint32_t calling_apic_id, VisitEntries visit_entries) {
  start_list(discovery, calling_apic_id);
  bool has_calling_core = false;
  const std::expected<void, Error> read = visit_entries([&](std::uint32_t apic_id, bool enabled) {
    has_calling_core |= apic_id == calling_apic_id;
    add(discovery, apic_id, enabled);
  });
  if (!read) return read.error();
  if (!has_calling_core) return Error::calling_core_missing;
  return std::nullopt;
}

std::expected<acpi::Tables, Error> open_tables(const PhysicalMemory& memory,
                                               std::optional<std::uint64_t> root_pointer) {
  if (!root_pointer) {
    const auto found = acpi::find_root_pointer(memory);
    if (!found) return std::unexpected{found.error()};
    root_pointer = *found;
  }
  if (*root_pointer == 0) return std::unexpected{Error::not_found};
  return acpi::Tables::open(memory, *root_pointer);
}

std::optional<Error> read_madt(Discovery& discovery, const acpi::Tables& tables, std::uint32_t calling_apic_id) {
  const auto table = tables.find("APIC");
  if (!table) return table.error();
  return read_list(discovery, calling_apic_id, [&](auto visit) {
    return madt::visit_entries(*table, [&](const madt::Processor& entry) { visit(entry.apic_id, entry.enabled); });
  });
}

std::optional<Error> read_srat(Discovery& discovery, const acpi::Tables& tables) {
  const auto table = tables.find("SRAT");
  if (!table) return table.error();
  const auto read = srat::visit_entries(*table, [&](const srat::ProcessorAffinity& entry) {
    if (Processor* const processor = find(discovery, entry.apic_id)) processor->node = entry.node;
  });
  if (read) return std::nullopt;
  for (Processor& processor : discovery.storage) processor.node = 0;
  return read.error();
}

std::optional<Error> read_mp_table(Discovery& discovery, const PhysicalMemory& memory, std::uint32_t calling_apic_id) {
  const auto table = mp::find_table(memory);
  if (!table) return table.error();
  return read_list(discovery, calling_apic_id, [&](auto visit) {
    return mp::visit_entries(*table, [&](const mp::Processor& entry) { visit(entry.apic_id, true); });
  });
}

}  // namespace

Discovery discover_processors(const PhysicalMemory& memory, std::optional<std::uint64_t> root_pointer,
                              std::uint32_t calling_apic_id) {
  Discovery discovery;
  if (const auto tables = open_tables(memory, root_pointer); !tables) {
    discovery.madt_refusal = tables.error();
  } else if (discovery.madt_refusal = read_madt(discovery, *tables, calling_apic_id); !discovery.madt_refusal) {
    discovery.source = ProcessorSource::madt;
    discovery.srat_refusal = read_srat(discovery, *tables);
    return discovery;
  }
  discovery.mp_table_refusal = read_mp_table(discovery, memory, calling_apic_id);
  if (discovery.mp_table_refusal) {
    start_list(discovery, calling_apic_id);
  } else {
    discovery.source = ProcessorSource::mp_table;
  }
  return discovery;
}

}  // namespace toro::firmware
