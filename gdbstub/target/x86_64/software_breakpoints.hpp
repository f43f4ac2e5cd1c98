// Breakpoints made of `int3` instructions. They are in memory only while the machine runs, so everybody who looks at
// memory while it stands sees the program, and the stub may run through code that holds one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "gdbstub/protocol/types.hpp"

namespace toro::gdbstub::x86_64 {

inline constexpr std::byte kInt3{0xcc};

class SoftwareBreakpoints {
 public:
  static constexpr std::size_t kCapacity = 256;

  enum class Use : std::uint8_t {
    live,
    never,  ///< accepted and listed, but not put into memory
  };

  struct Entry {
    std::uint64_t address;
    std::byte original;
    bool patched;
    Use use;
  };

  /// While the machine stands.
  [[nodiscard]] BreakpointResult insert(std::uint64_t address, Use use = Use::live);
  void remove(std::uint64_t address);
  void clear() { count_ = 0; }

  /// Puts every one into memory, except the one at `but`.
  void patch_all_except(std::uint64_t but);
  void patch_all() { patch_all_except(kNowhere); }
  void unpatch_all();
  /// Takes the one at `address` out of memory until patch_all(); false where none is in it.
  bool unpatch(std::uint64_t address);

  [[nodiscard]] bool contains(std::uint64_t address) const { return find(address) != count_; }
  [[nodiscard]] bool is_patched(std::uint64_t address) const;
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] const Entry& operator[](std::size_t i) const { return entries_[i]; }

 private:
  static constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

  [[nodiscard]] std::size_t find(std::uint64_t address) const;
  static void unpatch(Entry& entry);

  std::array<Entry, kCapacity> entries_;  ///< the first count_ of them
  std::size_t count_ = 0;
};

}  // namespace toro::gdbstub::x86_64
