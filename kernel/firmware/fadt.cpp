// Reads the FADT, and one package out of the DSDT.
#include "kernel/firmware/fadt.hpp"

#include <cstddef>
#include <optional>

namespace toro::firmware::fadt {
namespace {

using acpi::AddressSpace;
using acpi::GenericAddress;

struct [[gnu::packed]] Table {
  acpi::TableHeader header;
  std::uint32_t firmware_control;
  std::uint32_t dsdt;
  std::uint8_t reserved0[2];
  std::uint16_t sci_interrupt;
  std::uint32_t smi_command;
  std::uint8_t acpi_enable;
  std::uint8_t reserved1[3];
  std::uint32_t pm1a_events;
  std::uint32_t pm1b_events;
  std::uint32_t pm1a_control;
  std::uint32_t pm1b_control;
  std::uint32_t pm2_control;
  std::uint32_t pm_timer;
  std::uint8_t reserved2[8];
  std::uint8_t pm1_event_length;
  std::uint8_t reserved6[2];
  std::uint8_t pm_timer_length;
  std::uint8_t reserved3[17];
  std::uint16_t boot_architecture;
  std::uint8_t reserved4;
  std::uint32_t flags;
  acpi::format::GenericAddress reset;  // the fields from here on are not in revision 1
  std::uint8_t reset_value;
  std::uint8_t reserved5[11];
  std::uint64_t extended_dsdt;
  acpi::format::GenericAddress extended_pm1_events[2];
  acpi::format::GenericAddress extended_pm1a_control;
  acpi::format::GenericAddress extended_pm1b_control;
  acpi::format::GenericAddress extended_pm2_control;
  acpi::format::GenericAddress extended_pm_timer;
  acpi::format::GenericAddress extended_general_events[2];
  acpi::format::GenericAddress sleep_control;
};
static_assert(offsetof(Table, sci_interrupt) == 46 && offsetof(Table, smi_command) == 48 &&
              offsetof(Table, pm1a_events) == 56 && offsetof(Table, pm1_event_length) == 88 &&
              offsetof(Table, extended_pm1_events) == 148 && offsetof(Table, pm1a_control) == 64 &&
              offsetof(Table, pm_timer_length) == 91 && offsetof(Table, boot_architecture) == 109 &&
              offsetof(Table, reset) == 116 && offsetof(Table, reset_value) == 128 &&
              offsetof(Table, extended_dsdt) == 140 && offsetof(Table, extended_pm1a_control) == 172 &&
              offsetof(Table, extended_pm_timer) == 208 && offsetof(Table, sleep_control) == 244);

constexpr std::uint32_t kTimerHas32Bits = 1U << 8, kResetSupported = 1U << 10, kHardwareReduced = 1U << 20;

GenericAddress io_port(std::uint32_t port, std::uint8_t bits) {
  return {.space = AddressSpace::io, .bits = bits, .address = port};
}

GenericAddress either(const acpi::format::GenericAddress& extended, const GenericAddress& first) {
  return extended.address != 0 ? extended.value() : first;
}

/// A block without a length that can be halved is none.
EventBlock events(const acpi::format::GenericAddress& extended, std::uint32_t port, std::uint8_t length) {
  constexpr std::uint8_t kShortest = 4;
  const GenericAddress status = either(extended, io_port(port, 16));
  if (status.address == 0 || length < kShortest) return {};
  GenericAddress enable = status;
  enable.address += length / 2;
  return {status, enable};
}

// What AML calls them. [ACPI 6.5 §20.2]
constexpr std::uint8_t kZeroOp = 0x00, kOneOp = 0x01, kNameOp = 0x08, kBytePrefix = 0x0a, kWordPrefix = 0x0b,
                       kDWordPrefix = 0x0c, kPackageOp = 0x12;
constexpr std::uint32_t kS5Name = 0x5f35535f;  // "_S5_"
constexpr std::uint8_t kMaxSleepType = 7;

std::optional<std::uint8_t> take_byte(Bytes& code) {
  if (code.empty()) return std::nullopt;
  const auto value = static_cast<std::uint8_t>(code[0]);
  code = code.subspan(1);
  return value;
}

std::optional<std::uint8_t> take_sleep_type(Bytes& code) {
  const auto op = take_byte(code);
  if (op == kZeroOp || op == kOneOp) return op;
  const std::size_t size = op == kBytePrefix ? 1 : op == kWordPrefix ? 2 : op == kDWordPrefix ? 4 : 0;
  if (size == 0 || size > code.size()) return std::nullopt;
  const auto value = load<std::uint32_t>(code.first(size));
  code = code.subspan(size);
  if (value > kMaxSleepType) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

// The package that `code` begins with: its length in one to four bytes, the number of its elements, and these.
std::optional<SleepType> take_package(Bytes code) {
  if (take_byte(code) != kPackageOp) return std::nullopt;
  const auto lead = take_byte(code);
  if (!lead) return std::nullopt;
  for (unsigned more = *lead >> 6; more != 0; --more) {
    if (!take_byte(code)) return std::nullopt;
  }
  const auto elements = take_byte(code);
  if (!elements || *elements == 0) return std::nullopt;
  const auto a = take_sleep_type(code);
  const auto b = *elements == 1 ? a : take_sleep_type(code);
  if (!a || !b) return std::nullopt;
  return SleepType{*a, *b};
}

}  // namespace

std::expected<Fadt, Error> read(Bytes bytes) {
  if (bytes.size() < offsetof(Table, reset)) return std::unexpected{Error::bad_length};
  const auto table = load<Table>(bytes);
  const GenericAddress timer = table.pm_timer_length == 4 ? io_port(table.pm_timer, 32) : GenericAddress{};
  return Fadt{
      .dsdt = table.extended_dsdt != 0 ? table.extended_dsdt : table.dsdt,
      .sci_interrupt = table.sci_interrupt,
      .boot_architecture = table.header.revision < 3 ? static_cast<std::uint16_t>(kLegacyDevices | kKeyboardController)
                                                     : table.boot_architecture,
      .flags = table.flags,
      .hardware_reduced = (table.flags & kHardwareReduced) != 0,
      .smi_command = table.smi_command,
      .acpi_enable = table.acpi_enable,
      .pm1a_events = events(table.extended_pm1_events[0], table.pm1a_events, table.pm1_event_length),
      .pm1b_events = events(table.extended_pm1_events[1], table.pm1b_events, table.pm1_event_length),
      .pm_timer = either(table.extended_pm_timer, timer),
      .pm_timer_bits = static_cast<std::uint8_t>((table.flags & kTimerHas32Bits) != 0 ? 32 : 24),
      .reset = (table.flags & kResetSupported) != 0 ? table.reset.value() : GenericAddress{},
      .reset_value = table.reset_value,
      .pm1a_control = either(table.extended_pm1a_control, io_port(table.pm1a_control, 16)),
      .pm1b_control = either(table.extended_pm1b_control, io_port(table.pm1b_control, 16)),
      .sleep_control = table.sleep_control.value(),
  };
}

std::expected<SleepType, Error> find_soft_off(Bytes dsdt) {
  if (dsdt.size() < sizeof(acpi::TableHeader)) return std::unexpected{Error::bad_length};
  const Bytes code = dsdt.subspan(sizeof(acpi::TableHeader));
  const auto op_before = [&](std::size_t at) { return at == 0 ? 0xff : static_cast<unsigned>(code[at - 1]); };
  for (std::size_t i = 0; i + sizeof kS5Name <= code.size(); ++i) {
    if (load<std::uint32_t>(code.subspan(i)) != kS5Name) continue;
    const bool is_rooted = op_before(i) == '\\';
    if (op_before(is_rooted ? i - 1 : i) != kNameOp) continue;
    if (const auto found = take_package(code.subspan(i + sizeof kS5Name))) return *found;
  }
  return std::unexpected{Error::not_found};
}

}  // namespace toro::firmware::fadt
