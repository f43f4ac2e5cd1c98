// The debugged machine's memory, as the stub reads and writes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace toro::gdbstub::x86_64 {

/// How many bytes were read before the first fault.
[[nodiscard]] std::size_t read_memory(std::uint64_t address, std::span<std::byte> to);
/// The same for writing; read-only pages are written all the same.
[[nodiscard]] std::size_t write_memory(std::uint64_t address, std::span<const std::byte> from);

template <typename Value>
[[nodiscard]] bool read_object(std::uint64_t address, Value& value) {
  return read_memory(address, std::as_writable_bytes(std::span(&value, 1))) == sizeof(Value);
}
template <typename Value>
[[nodiscard]] bool write_object(std::uint64_t address, const Value& value) {
  return write_memory(address, std::as_bytes(std::span(&value, 1))) == sizeof(Value);
}

}  // namespace toro::gdbstub::x86_64
