#include "gdbstub/target/x86_64/register_file.hpp"

#include "gdbstub/target/x86_64/cores.hpp"
#include "gdbstub/target/x86_64/memory.hpp"
#include "gdbstub/target/x86_64/saved_registers.hpp"
#include "gdbstub/target/x86_64/threads.hpp"

namespace toro::gdbstub::x86_64 {

namespace {

const Register& declaration(std::size_t number) {
  return register_set().registers[number];
}

bool write_saved(const KernelView& kernel, ThreadId thread, std::size_t number, std::span<const std::byte> value) {
  const std::uint64_t saved = Threads(kernel).saved_frame(thread);
  const auto offset = saved_offset(number);
  return saved != 0 && offset && write_memory(saved + *offset, value) == value.size();
}

}  // namespace

bool read_register(const KernelView& kernel, ThreadId thread, std::size_t number, std::span<std::byte> value) {
  const Register& declared = declaration(number);
  const Threads::Place place = Threads(kernel).place_of(thread);
  if (!place.runs && !of_core(declared)) return read_saved(kernel, thread, number, value);
  const CoreRegisters* registers = Cores::standing(place.core);
  return registers != nullptr && registers->read(declared, value);
}

bool write_register(const KernelView& kernel, ThreadId thread, std::size_t number, std::span<const std::byte> value) {
  const Register& declared = declaration(number);
  const Threads::Place place = Threads(kernel).place_of(thread);
  if (!place.runs && !of_core(declared)) return write_saved(kernel, thread, number, value);
  CoreRegisters* registers = Cores::standing(place.core);
  return registers != nullptr && registers->write(number, declared, value);
}

}  // namespace toro::gdbstub::x86_64
