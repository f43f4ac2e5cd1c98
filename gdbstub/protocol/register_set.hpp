// How a machine declares its registers. One table serves `g`, `p` and their writing kin, and the target description.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace toro::gdbstub {

/// One field of a register of flags, from bit `low` to bit `high`.
struct FlagField {
  std::string_view name;
  std::uint8_t low;
  std::uint8_t high;
};

struct FlagsType {
  std::string_view id;
  std::uint8_t bytes;
  std::span<const FlagField> fields;
};

enum class RegisterGroup : std::uint8_t { general, floating, vector, control };

struct Register {
  std::string_view name;
  std::uint16_t bits;
  std::string_view type;  ///< GDB's name of the type, or a FlagsType's id
  RegisterGroup group;
  std::uint8_t bank = 0;    ///< the target's own: which structure holds it
  std::uint16_t place = 0;  ///< the target's own: where in that structure

  [[nodiscard]] constexpr std::size_t bytes() const { return bits / 8u; }
};

/// A named piece of the target description: the registers from `first` on.
struct RegisterFeature {
  std::string_view name;
  std::string_view types;  ///< further type definitions, as XML
  std::span<const FlagsType> flags;
  std::size_t first;
  std::size_t count;
};

struct RegisterSet {
  std::string_view architecture;
  std::span<const Register> registers;
  std::span<const RegisterFeature> features;
  std::size_t general_count;      ///< how many of them `g` holds
  std::size_t pc, sp, fp, flags;  ///< numbers of those that every stop tells
};

/// The widest register that any table may declare.
inline constexpr std::size_t kMaxRegisterBytes = 64;

}  // namespace toro::gdbstub
