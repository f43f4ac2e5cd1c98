#include "gdbstub/target/x86_64/saved_registers.hpp"

#include <cstring>

#include "gdbstub/target/x86_64/register_table.hpp"
#include "gdbstub/target/x86_64/threads.hpp"

namespace toro::gdbstub::x86_64 {

namespace {

void to_bytes(std::uint64_t value, std::span<std::byte> bytes) {
  std::memcpy(bytes.data(), &value, bytes.size());
}

}  // namespace

std::optional<std::size_t> saved_offset(std::size_t number) {
  switch (number) {
    case rbx:
      return offsetof(arch::SwitchFrame, rbx);
    case rbp:
      return offsetof(arch::SwitchFrame, rbp);
    case r12:
      return offsetof(arch::SwitchFrame, r12);
    case r13:
      return offsetof(arch::SwitchFrame, r13);
    case r14:
      return offsetof(arch::SwitchFrame, r14);
    case r15:
      return offsetof(arch::SwitchFrame, r15);
    case rip:
      return offsetof(arch::SwitchFrame, rip);
    default:
      return std::nullopt;
  }
}

bool of_core(const Register& declared) {
  const auto bank = static_cast<Bank>(declared.bank);
  return bank == Bank::selector || bank == Bank::control ||
         (bank == Bank::base && static_cast<SegmentBase>(declared.place) == SegmentBase::gs);
}

bool read_saved(const KernelView& kernel, ThreadId thread, std::uint64_t saved, std::size_t number,
                std::span<std::byte> value) {
  const Register& declared = register_set().registers[number];
  if (static_cast<Bank>(declared.bank) == Bank::base) {
    std::uint64_t base = 0;
    if (!Threads(kernel).fs_base(thread, base)) return false;
    to_bytes(base, value);
    return true;
  }
  arch::SwitchFrame frame;
  if (saved == 0 || !kernel.read(saved, frame)) return false;
  if (number == rsp) {
    to_bytes(saved + sizeof frame, value);
    return true;
  }
  if (static_cast<Bank>(declared.bank) == Bank::mxcsr) {
    to_bytes(frame.mxcsr, value);
    return true;
  }
  if (static_cast<Bank>(declared.bank) == Bank::x87_word && static_cast<X87Word>(declared.place) == X87Word::control) {
    to_bytes(frame.x87_control, value);
    return true;
  }
  const auto offset = saved_offset(number);
  return offset && kernel.read_memory(saved + *offset, value) == value.size();
}

}  // namespace toro::gdbstub::x86_64
