#include "gdbstub/target/x86_64/register_file.hpp"

#include <cstring>
#include <optional>

#include "gdbstub/target/x86_64/cores.hpp"
#include "gdbstub/target/x86_64/memory.hpp"
#include "gdbstub/target/x86_64/threads.hpp"

namespace toro::gdbstub::x86_64 {

namespace {

void to_bytes(std::uint64_t value, std::span<std::byte> bytes) {
  std::memcpy(bytes.data(), &value, bytes.size());
}

/// The offset in SwitchFrame of the registers that a switch keeps.
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

const Register& declaration(std::size_t number) {
  return register_set().registers[number];
}

/// Registers of the core, the same whichever thread is looked at.
bool of_core(const Register& declared) {
  const auto bank = static_cast<Bank>(declared.bank);
  return bank == Bank::selector || bank == Bank::control ||
         (bank == Bank::base && static_cast<SegmentBase>(declared.place) == SegmentBase::gs);
}

bool read_saved(ThreadId thread, std::size_t number, std::span<std::byte> value) {
  const Register& declared = declaration(number);
  const std::uint64_t saved = Threads::saved_frame(thread);
  if (static_cast<Bank>(declared.bank) == Bank::base) {
    std::uint64_t base = 0;
    if (!Threads::fs_base(thread, base)) return false;
    to_bytes(base, value);
    return true;
  }
  arch::SwitchFrame frame;
  if (saved == 0 || !read_object(saved, frame)) return false;
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
  return offset && read_memory(saved + *offset, value) == value.size();
}

bool write_saved(ThreadId thread, std::size_t number, std::span<const std::byte> value) {
  const std::uint64_t saved = Threads::saved_frame(thread);
  const auto offset = saved_offset(number);
  return saved != 0 && offset && write_memory(saved + *offset, value) == value.size();
}

}  // namespace

bool read_register(ThreadId thread, std::size_t number, std::span<std::byte> value) {
  const Register& declared = declaration(number);
  const Threads::Place place = Threads::place_of(thread);
  if (!place.runs && !of_core(declared)) return read_saved(thread, number, value);
  const CoreRegisters* registers = Cores::standing(place.core);
  return registers != nullptr && registers->read(declared, value);
}

bool write_register(ThreadId thread, std::size_t number, std::span<const std::byte> value) {
  const Register& declared = declaration(number);
  const Threads::Place place = Threads::place_of(thread);
  if (!place.runs && !of_core(declared)) return write_saved(thread, number, value);
  CoreRegisters* registers = Cores::standing(place.core);
  return registers != nullptr && registers->write(number, declared, value);
}

}  // namespace toro::gdbstub::x86_64
