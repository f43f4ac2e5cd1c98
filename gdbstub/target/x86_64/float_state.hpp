// x87 and SSE registers of the code that a core stands with. [SDM 1 10.5.1]
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gdbstub/target/x86_64/register_table.hpp"

namespace toro::gdbstub::x86_64 {

class FloatState {
 public:
  /// Takes them from the processor; nothing is known of them where it would refuse (CR0.TS, CR0.EM, no CR4.OSFXSR).
  void capture();
  /// Puts changes back into the processor.
  void put_back();
  /// Those of a flow of which two words were kept.
  void begin(std::uint16_t control, std::uint32_t mxcsr);
  [[nodiscard]] bool is_known() const { return captured_; }
  /// All of it is a change.
  void touch() { modified_ = true; }

  [[nodiscard]] bool read(const Register& declared, std::span<std::byte> value) const;
  [[nodiscard]] bool write(const Register& declared, std::span<const std::byte> value);

 private:
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
