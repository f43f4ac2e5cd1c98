// Reads and writes registers by their declaration: of the stopped flow from its trap frame and the processor, of any
// other from what the context switch saved.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "gdbstub/target/x86_64/float_state.hpp"
#include "gdbstub/target/x86_64/register_table.hpp"
#include "gdbstub/target/x86_64/threads.hpp"
#include "kernel/arch/x86_64/trap.hpp"

namespace toro::gdbstub::x86_64 {

class RegisterFile {
 public:
  explicit constexpr RegisterFile(const Threads& threads) : threads_(threads) {}

  void begin(arch::TrapFrame& frame, std::uint64_t cr2);
  void end();

  [[nodiscard]] bool read(ThreadId thread, std::size_t number, std::span<std::byte> value);
  [[nodiscard]] bool write(ThreadId thread, std::size_t number, std::span<const std::byte> value);

  /// Whether rip was written since begin() or the last question.
  [[nodiscard]] bool take_moved() {
    const bool moved = moved_;
    moved_ = false;
    return moved;
  }

 private:
  [[nodiscard]] bool read_saved(ThreadId thread, std::size_t number, std::span<std::byte> value) const;
  [[nodiscard]] bool write_saved(ThreadId thread, std::size_t number, std::span<const std::byte> value) const;
  [[nodiscard]] std::uint64_t read_control(Control which) const;
  [[nodiscard]] bool write_control(Control which, std::uint64_t value);
  [[nodiscard]] bool write_frame(std::size_t number, const Register& declared, std::uint64_t value);
  [[nodiscard]] std::uint64_t read_selector(Selector which) const;

  const Threads& threads_;
  FloatState float_state_;
  arch::TrapFrame* frame_ = nullptr;
  std::uint64_t cr2_ = 0;                           ///< as the stop found it: the stub's own faults change the register
  std::optional<std::uint64_t> fs_base_, gs_base_;  ///< take effect when the machine goes on
  bool moved_ = false;
};

}  // namespace toro::gdbstub::x86_64
