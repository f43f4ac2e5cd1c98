// The clocks that ACPI names. [IA-PC HPET Specification 1.0a §2.3] [ACPI 6.5 §4.8.3.3]
#include "kernel/devices/acpi/reference_clock.hpp"

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/devices/registers.hpp"

namespace toro::acpi {
namespace {

/// Offsets of its registers; the high half of the capabilities is the counter's period.
enum class HpetRegister : std::uint32_t { period = 0x04, configuration = 0x10, counter = 0xf0 };
constexpr std::uint64_t kHpetLength = 0x400;
constexpr std::uint64_t kFemtosecondsPerSecond = 1'000'000'000'000'000;
constexpr std::uint32_t kLongestPeriod = 100'000'000;  // femtoseconds, by the specification

constinit std::uint64_t hpet_base = 0;

volatile std::uint32_t& word(HpetRegister which) {
  return *reinterpret_cast<volatile std::uint32_t*>(hpet_base + static_cast<std::uint32_t>(which));
}

bool use_hpet(const firmware::hpet::Hpet& hpet) {
  constexpr std::uint32_t kEnable = 1;
  hpet_base = hpet.registers.address;
  if (hpet_base % sizeof(std::uint64_t) != 0 || !devices::map_registers(hpet_base, kHpetLength)) return false;
  const std::uint32_t period = word(HpetRegister::period);
  if (period == 0 || period > kLongestPeriod) return false;
  word(HpetRegister::configuration) = word(HpetRegister::configuration) | kEnable;
  arch::clock::use_reference({.name = "hpet",
                              .read = [] { return std::uint32_t{word(HpetRegister::counter)}; },
                              .hz = kFemtosecondsPerSecond / period,
                              .mask = 0xffff'ffff});
  return true;
}

constinit std::uint16_t timer_port = 0;

void use_pm_timer(const firmware::fadt::Fadt& fixed) {
  constexpr std::uint64_t kHz = 3'579'545;
  constexpr std::uint32_t kAlwaysThere = 0x00ff'ffff;  // the upper eight bits may be missing
  const firmware::acpi::GenericAddress& timer = fixed.pm_timer;
  if (timer.space != firmware::acpi::AddressSpace::io || timer.address == 0 || timer.address > 0xfffc) return;
  timer_port = static_cast<std::uint16_t>(timer.address);
  arch::clock::use_reference(
      {.name = "pm timer", .read = [] { return arch::in32(timer_port); }, .hz = kHz, .mask = kAlwaysThere});
}

}  // namespace

void start_reference_clock(const boot::FirmwareTables& tables) {
  if (tables.hpet && use_hpet(*tables.hpet)) return;
  if (tables.fixed) use_pm_timer(*tables.fixed);
}

}  // namespace toro::acpi
