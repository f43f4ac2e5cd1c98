#include "gdbstub/target/x86_64/instruction.hpp"

namespace toro::gdbstub::x86_64 {

namespace {

/// Legacy and REX prefixes. [SDM 2A 2.1.1, 2.2.1]
constexpr bool is_prefix(std::uint8_t byte) {
  switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x67:
    case 0xf0:
    case 0xf2:
    case 0xf3:
      return true;
    default:
      return (byte & 0xf0) == 0x40;
  }
}

}  // namespace

Instruction classify(std::span<const std::byte> bytes) {
  std::uint8_t length = 0;
  while (length < bytes.size() && is_prefix(static_cast<std::uint8_t>(bytes[length]))) ++length;
  if (length == bytes.size()) return {};
  const auto opcode = static_cast<std::uint8_t>(bytes[length]);
  ++length;
  switch (opcode) {
    case 0x9c:
      return {InstructionKind::push_flags, length};
    case 0xf4:
      return {InstructionKind::halt, length};
    case 0x9d:
    case 0xcf:
    case 0xfa:
    case 0xfb:
      return {InstructionKind::changes_interrupt_flag, length};
    case 0x0f:
      if (length < bytes.size() && bytes[length] == std::byte{0x05}) {
        return {InstructionKind::system_call, static_cast<std::uint8_t>(length + 1)};
      }
      return {};
    default:
      return {};
  }
}

}  // namespace toro::gdbstub::x86_64
