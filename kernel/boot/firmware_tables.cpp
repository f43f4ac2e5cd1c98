// Reads ACPI's tables while they can be reached, and keeps what boards ask for.
#include "kernel/boot/firmware_tables.hpp"

#include "kernel/arch/x86_64/boot_map.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/boot/stages.hpp"

namespace toro::boot {
namespace {

using firmware::acpi::Tables;

constinit FirmwareTables found{};

void read_pci(const Tables& tables) {
  const auto table = tables.find("MCFG");
  if (!table) return;
  static_cast<void>(firmware::mcfg::visit_entries(*table, [](const firmware::mcfg::Segment& segment) {
    if (segment.number == 0 && segment.first_bus == 0) found.pci = segment;
  }));
}

void read_interrupts(const Tables& tables) {
  const auto table = tables.find("APIC");
  if (!table) return;
  if (const auto routing = firmware::InterruptRouting::read(*table)) found.interrupts = *routing;
}

void read_hpet(const Tables& tables) {
  const auto table = tables.find("HPET");
  if (!table) return;
  if (const auto hpet = firmware::hpet::read(*table)) found.hpet = *hpet;
}

void read_fixed_hardware(const firmware::PhysicalMemory& memory, const Tables& tables) {
  constexpr std::uint16_t kEnable = 1U << 13;
  constexpr unsigned kTypeShift = 10;
  const auto table = tables.find("FACP");
  if (!table) return;
  const auto fadt = firmware::fadt::read(*table);
  if (!fadt) return;
  if (!fadt->hardware_reduced) found.fixed = *fadt;
  const auto dsdt = firmware::acpi::read_table(memory, fadt->dsdt, "DSDT");
  if (!dsdt) return;
  const auto type = firmware::fadt::find_soft_off(*dsdt);
  if (!type) return;
  if (fadt->hardware_reduced) {
    constexpr std::uint8_t kSleepNow = 1U << 5;
    if (fadt->sleep_control.address != 0)
      found.sleep = SleepControl{fadt->sleep_control, static_cast<std::uint16_t>(type->a << 2 | kSleepNow)};
    return;
  }
  const auto keep = [](std::optional<SleepControl>& kept, const firmware::acpi::GenericAddress& control,
                       std::uint8_t value) {
    if (control.space != firmware::acpi::AddressSpace::io || control.address == 0 || control.address > 0xfffe) return;
    kept = SleepControl{control, static_cast<std::uint16_t>(value << kTypeShift | kEnable)};
  };
  keep(found.soft_off[0], fadt->pm1a_control, type->a);
  keep(found.soft_off[1], fadt->pm1b_control, type->b);
}

void read_tables() {
  const firmware::PhysicalMemory memory{
      .view = [](void*, std::uint64_t address, std::size_t length) { return arch::show_physical(address, length); }};
  std::uint64_t root = information().rsdp;
  if (root == 0) root = firmware::acpi::find_root_pointer(memory).value_or(0);
  const auto tables = Tables::open(memory, root);
  if (!tables) return;
  read_pci(*tables);
  read_interrupts(*tables);
  read_hpet(*tables);
  read_fixed_hardware(memory, *tables);
}

}  // namespace

const FirmwareTables& firmware_tables() {
  return found;
}

// NOLINTNEXTLINE(readability-redundant-declaration): weak here
[[gnu::weak]] extern Stage described_devices_stage;  // of a board that asks for them, before paging as this one is

TORO_BOOT_STAGE(firmware_tables_stage, "firmware tables", read_tables, &memory_map_stage, &described_devices_stage);

}  // namespace toro::boot
