// Reads devices out of the DSDT while it can be reached.
#include "kernel/boot/described_devices.hpp"

#include "kernel/arch/x86_64/boot_map.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/boot/stages.hpp"
#include "kernel/firmware/acpi.hpp"
#include "kernel/firmware/fadt.hpp"

namespace toro::boot {
namespace {

constexpr std::string_view kVirtioMmio = "LNRO0005";  // as Linux's driver has it, and every monitor

constinit firmware::aml::Resources found[32]{};
constinit std::size_t found_count = 0;

void read_devices() {
  const firmware::PhysicalMemory memory{
      .view = [](void*, std::uint64_t address, std::size_t length) { return arch::show_physical(address, length); }};
  std::uint64_t root = information().rsdp;
  if (root == 0) root = firmware::acpi::find_root_pointer(memory).value_or(0);
  const auto tables = firmware::acpi::Tables::open(memory, root);
  if (!tables) return;
  const auto table = tables->find("FACP");
  if (!table) return;
  const auto fadt = firmware::fadt::read(*table);
  if (!fadt) return;
  const auto dsdt = firmware::acpi::read_table(memory, fadt->dsdt, "DSDT");
  if (!dsdt) return;
  firmware::aml::DeviceFinder finder(*dsdt);
  while (found_count < std::size(found)) {
    const auto device = finder.next(kVirtioMmio);
    if (!device) return;
    found[found_count++] = *device;
  }
}

}  // namespace

std::span<const firmware::aml::Resources> described_virtio_devices() {
  return {found, found_count};
}

TORO_BOOT_STAGE(described_devices_stage, "described devices", read_devices, &memory_map_stage);

}  // namespace toro::boot
