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

ParkedFlow* parked_for_writing(const Threads& threads, ParkedFlows& parked, ThreadId thread, std::uint64_t saved) {
  if (ParkedFlow* flow = parked.at(saved)) return flow;
  const CoreRegisters* const registers = Cores::standing(threads.place_of(thread).core);
  if (saved == 0 || registers == nullptr) return nullptr;
  return parked.park(*reinterpret_cast<arch::Context*>(threads.record_of(thread)), registers->frame());
}

bool write_saved(const KernelView& kernel, ParkedFlows& parked, ThreadId thread, std::size_t number,
                 std::span<const std::byte> value) {
  const Threads threads(kernel);
  const std::uint64_t saved = threads.saved_frame(thread);
  const auto offset = saved_offset(number);
  if (saved != 0 && offset && parked.at(saved) == nullptr) return write_memory(saved + *offset, value) == value.size();
  ParkedFlow* const flow = parked_for_writing(threads, parked, thread, saved);
  return flow != nullptr && flow->write(number, declaration(number), value);
}

}  // namespace

bool read_register(const KernelView& kernel, ParkedFlows& parked, ThreadId thread, std::size_t number,
                   std::span<std::byte> value) {
  const Register& declared = declaration(number);
  const Threads::Place place = Threads(kernel).place_of(thread);
  if (!place.runs && !of_core(declared)) {
    const std::uint64_t saved = Threads(kernel).saved_frame(thread);
    const ParkedFlow* const flow = static_cast<Bank>(declared.bank) != Bank::base ? parked.at(saved) : nullptr;
    return flow != nullptr ? flow->read(declared, value) : read_saved(kernel, thread, saved, number, value);
  }
  const CoreRegisters* registers = Cores::standing(place.core);
  return registers != nullptr && registers->read(declared, value);
}

bool write_register(const KernelView& kernel, ParkedFlows& parked, ThreadId thread, std::size_t number,
                    std::span<const std::byte> value) {
  const Register& declared = declaration(number);
  const Threads::Place place = Threads(kernel).place_of(thread);
  if (!place.runs && !of_core(declared)) return write_saved(kernel, parked, thread, number, value);
  CoreRegisters* registers = Cores::standing(place.core);
  return registers != nullptr && registers->write(number, declared, value);
}

}  // namespace toro::gdbstub::x86_64
