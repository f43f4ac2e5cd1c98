// Any bytes as a machine with ACPI, and as each of the tables.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "kernel/firmware/acpi.hpp"
#include "kernel/firmware/aml_devices.hpp"
#include "kernel/firmware/fadt.hpp"
#include "kernel/firmware/hpet.hpp"
#include "kernel/firmware/interrupt_routing.hpp"
#include "kernel/firmware/madt.hpp"
#include "kernel/firmware/mcfg.hpp"
#include "kernel/firmware/srat.hpp"
#include "tests/unit/firmware/fake_memory.hpp"
#include "tests/unit/firmware/sound.hpp"

using namespace toro::firmware;

namespace {

/// Whatever the table says, every interrupt has a polarity and a trigger.
void require_resolved(const GlobalInterrupt& interrupt) {
  const auto [polarity, trigger] = interrupt.line;
  if (polarity != Polarity::high && polarity != Polarity::low) std::abort();
  if (trigger != Trigger::edge && trigger != Trigger::level) std::abort();
}

void read_routing(Bytes table) {
  const auto routing = InterruptRouting::read(table);
  if (!routing) return;
  if (routing->io_apics().size() > InterruptRouting::kMostIoApics) std::abort();
  for (unsigned i = 0; i < 256; ++i) {
    require_resolved(routing->of_isa(static_cast<std::uint8_t>(i)));
    require_resolved(routing->of_pci(static_cast<std::uint8_t>(i)));
  }
}

void read_tables(const PhysicalMemory& memory, std::uint64_t root) {
  const auto tables = acpi::Tables::open(memory, root);
  if (!tables) return;
  if (const auto table = tables->find("MCFG")) {
    static_cast<void>(mcfg::visit_entries(*table, [](const mcfg::Segment& segment) {
      if (segment.base == 0 || segment.first_bus > segment.last_bus) std::abort();
    }));
  }
  if (const auto table = tables->find("APIC")) read_routing(*table);
  if (const auto table = tables->find("HPET")) static_cast<void>(hpet::read(*table));
  const auto table = tables->find("FACP");
  if (!table) return;
  const auto found = fadt::read(*table);
  if (!found) return;
  if (const auto dsdt = acpi::read_table(memory, found->dsdt, "DSDT")) static_cast<void>(fadt::find_soft_off(*dsdt));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> image(data, data + size);
  test::FakeMemory memory{image};
  const std::uint64_t root = acpi::find_root_pointer(memory.reader()).value_or(0);  // once: it is what takes time
  test::require_sound(discover_processors(memory.reader(), root, 0), 0);

  read_tables(memory.reader(), root);

  const Bytes table = std::as_bytes(std::span{image});
  std::size_t entries = 0;
  const auto count = [&](const auto&) { ++entries; };
  static_cast<void>(madt::visit_entries(table, count));
  read_routing(table);
  static_cast<void>(srat::visit_entries(table, count));
  if (entries > size) std::abort();
  static_cast<void>(mcfg::visit_entries(table, count));
  static_cast<void>(fadt::read(table));
  static_cast<void>(hpet::read(table));
  if (const auto found = fadt::find_soft_off(table); found && (found->a > 7 || found->b > 7)) std::abort();
  std::size_t devices = 0;
  for (aml::DeviceFinder finder(table); finder.next("LNRO0005");) ++devices;
  if (devices > size) std::abort();
  return 0;
}
