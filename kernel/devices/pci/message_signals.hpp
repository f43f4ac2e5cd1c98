// Interrupts that a device signals by writing a message: MSI-X, and MSI. [PCI 3.0 §6.8]
#pragma once

#include <cstdint>
#include <expected>

#include "kernel/devices/pci/error.hpp"
#include "kernel/devices/pci/function.hpp"

namespace toro::pci {

/// What a function's capability says.
struct MessageCapability {
  enum class Kind : std::uint8_t { msi, msi_x };
  Kind kind = Kind::msi_x;
  unsigned offset = 0;            ///< of the capability
  std::uint16_t entries = 0;      ///< messages that differ
  std::uint64_t table = 0;        ///< address of MSI-X's entries
  std::uint32_t table_bytes = 0;  ///< their length
};

/// MSI-X where the function has it, else MSI, of which one message is used. Error::no_message_signals,
/// Error::bad_capability where the table lies outside of its registers, Error::no_address.
[[nodiscard]] std::expected<MessageCapability, Error> find_message_capability(const Function& function,
                                                                              const Bars& bars);

/// An entry of MSI-X's table. [PCI 3.0 §6.8.2.6]
struct MessageEntry {
  std::uint32_t address_low;
  std::uint32_t address_high;
  std::uint32_t data;
  std::uint32_t control;
};
static_assert(sizeof(MessageEntry) == 16);

/// Sets message `entry`, below `capability.entries`, of a function that does not signal yet, or that has MSI-X: what it
/// signals meanwhile it sends by the new message. `table` is `capability.table` as it is mapped; MSI has none.
void set_message(const Function& function, const MessageCapability& capability, volatile MessageEntry* table,
                 std::uint16_t entry, std::uint64_t address, std::uint32_t data);

/// The function signals from now on; its interrupt pin is silent.
void enable_messages(const Function& function, const MessageCapability& capability);

}  // namespace toro::pci
