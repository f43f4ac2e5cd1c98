#include "gdbstub/target/x86_64/rest.hpp"

// rest.S
extern "C" {
void toro_gdbstub_rest(const std::atomic<bool>* wanted, std::uint64_t* stack_pointer);
[[noreturn]] void toro_gdbstub_rested(std::uint64_t stack_pointer);
extern const unsigned char toro_gdbstub_rest_begin[], toro_gdbstub_rest_end[];
}

namespace toro::gdbstub::x86_64 {

static_assert(sizeof(std::atomic<bool>) == 1);

void Rest::take() {
  toro_gdbstub_rest(&wanted_, &stack_pointer_);
}

void Rest::on_nmi(const arch::TrapFrame& frame) const {
  const bool rests = frame.rip >= reinterpret_cast<std::uint64_t>(toro_gdbstub_rest_begin) &&
                     frame.rip < reinterpret_cast<std::uint64_t>(toro_gdbstub_rest_end);
  if (rests && !wanted_) toro_gdbstub_rested(stack_pointer_);
}

}  // namespace toro::gdbstub::x86_64
