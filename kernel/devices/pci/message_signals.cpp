// MSI-X and MSI. [PCI 3.0 §6.8]
#include "kernel/devices/pci/message_signals.hpp"

namespace toro::pci {
namespace {

constexpr unsigned kMsixLength = 12, kMsixTable = 4;
constexpr std::uint16_t kMsixSize = 0x7ff;
constexpr std::uint32_t kMsixEnable = 1U << 31, kMsixMaskAll = 1U << 30;  // in the capability's first doubleword
constexpr std::uint32_t kTableBar = 7;
constexpr std::uint32_t kEntryMasked = 1;

constexpr unsigned kMsiLength = 10, kMsiLength64 = 14;
constexpr std::uint32_t kMsiEnable = 1U << 16, kMsiSeveral = 7U << 20, kMsi64 = 1U << 23;

}  // namespace

std::expected<MessageCapability, Error> find_message_capability(const Function& function, const Bars& bars) {
  if (const auto offset = function.find_capability(CapabilityId::msi_x, kMsixLength)) {
    const std::uint32_t where = function.read32(*offset + kMsixTable);
    const auto entries = static_cast<std::uint16_t>((function.read16(*offset + 2) & kMsixSize) + 1);
    const auto length = static_cast<std::uint32_t>(entries * sizeof(MessageEntry));
    const std::uint32_t begin = where & ~kTableBar;
    if ((where & kTableBar) >= kBars) return std::unexpected{Error::bad_capability};
    const Bar& bar = bars[where & kTableBar];
    if (bar.space != Bar::Space::memory) return std::unexpected{Error::bad_capability};
    if (bar.address == 0) return std::unexpected{Error::no_address};
    if (bar.limit() < length || begin > bar.limit() - length) return std::unexpected{Error::bad_capability};
    return MessageCapability{MessageCapability::Kind::msi_x, *offset, entries, bar.address + begin, length};
  }
  const auto offset = function.find_capability(CapabilityId::msi, kMsiLength);
  if (!offset) return std::unexpected{Error::no_message_signals};
  if ((function.read32(*offset) & kMsi64) != 0 && *offset + kMsiLength64 > kConfigurationSize)
    return std::unexpected{Error::bad_capability};
  return MessageCapability{MessageCapability::Kind::msi, *offset, 1, 0, 0};
}

void set_message(const Function& function, const MessageCapability& capability, volatile MessageEntry* table,
                 std::uint16_t entry, std::uint64_t address, std::uint32_t data) {
  const auto low = static_cast<std::uint32_t>(address);
  const auto high = static_cast<std::uint32_t>(address >> 32);
  if (capability.kind == MessageCapability::Kind::msi_x) {
    volatile MessageEntry& slot = table[entry];
    slot.control = kEntryMasked;  // an entry may change only while it is masked [PCI 3.0 §6.8.3.5]
    slot.address_low = low;
    slot.address_high = high;
    slot.data = data;
    slot.control = 0;
    return;
  }
  function.write32(capability.offset + 4, low);
  if ((function.read32(capability.offset) & kMsi64) == 0) return function.write32(capability.offset + 8, data);
  function.write32(capability.offset + 8, high);
  function.write32(capability.offset + 12, data);
}

void enable_messages(const Function& function, const MessageCapability& capability) {
  const std::uint32_t head = function.read32(capability.offset);
  if (capability.kind == MessageCapability::Kind::msi_x) {
    function.write32(capability.offset, (head | kMsixEnable) & ~kMsixMaskAll);
  } else {
    function.write32(capability.offset, (head | kMsiEnable) & ~kMsiSeveral);
  }
  function.set_command(function.read16(Register::command) | kCommandNoInterruptPin);
}

}  // namespace toro::pci
