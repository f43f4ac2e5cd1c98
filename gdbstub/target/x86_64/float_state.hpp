// x87 and SSE registers of the stopped code: they stay in the processor until somebody asks. [SDM 1 10.5.1]
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gdbstub/target/x86_64/register_table.hpp"

namespace toro::gdbstub::x86_64 {

class FloatState {
 public:
  /// Forgets what was captured; at every stop.
  void begin() { captured_ = modified_ = false; }
  /// Puts changes back into the processor; before the machine goes on.
  void end();

  [[nodiscard]] bool read(const Register& declared, std::span<std::byte> value);
  [[nodiscard]] bool write(const Register& declared, std::span<const std::byte> value);

 private:
  /// False where the processor would refuse (CR0.TS, CR0.EM, no CR4.OSFXSR).
  [[nodiscard]] bool capture();
  [[nodiscard]] std::uint32_t word(X87Word which) const;
  void set_word(X87Word which, std::uint32_t value);
  [[nodiscard]] std::uint16_t full_tags() const;

  template <typename Value>
  [[nodiscard]] Value load(std::size_t offset) const;
  template <typename Value>
  void store(std::size_t offset, Value value);

  alignas(16) std::byte area_[512] = {};
  bool captured_ = false;
  bool modified_ = false;
};

}  // namespace toro::gdbstub::x86_64
