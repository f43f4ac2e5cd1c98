#include "gdbstub/target/x86_64/register_file.hpp"

#include <cstring>

#include "gdbstub/target/x86_64/memory.hpp"
#include "kernel/arch/x86_64/cpu.hpp"

namespace toro::gdbstub::x86_64 {

namespace {

constexpr std::uint64_t kTrapFlag = 1u << 8;

constexpr bool canonical(std::uint64_t address, bool five_levels) {
  const unsigned unused = five_levels ? 7 : 16;
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(address << unused) >> unused) == address;
}

bool canonical(std::uint64_t address) {
  constexpr std::uint64_t kLa57 = 1u << 12;
  return canonical(address, (arch::read_cr4() & kLa57) != 0);
}

std::uint64_t from_bytes(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

void to_bytes(std::uint64_t value, std::span<std::byte> bytes) {
  std::memcpy(bytes.data(), &value, bytes.size());
}

std::uint64_t read_cr8() {
  std::uint64_t value;
  asm volatile("mov %%cr8, %0" : "=r"(value));
  return value;
}
void write_cr8(std::uint64_t value) {
  asm volatile("mov %0, %%cr8" ::"r"(value) : "memory");
}
void write_cr2(std::uint64_t value) {
  asm volatile("mov %0, %%cr2" ::"r"(value) : "memory");
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

}  // namespace

void RegisterFile::begin(arch::TrapFrame& frame, std::uint64_t cr2) {
  frame_ = &frame;
  cr2_ = cr2;
  fs_base_.reset();
  gs_base_.reset();
  moved_ = false;
  float_state_.begin();
}

void RegisterFile::end() {
  float_state_.end();
  write_cr2(cr2_);
  if (fs_base_) arch::write_msr(arch::Msr::fs_base, *fs_base_);
  if (gs_base_) arch::write_msr(arch::Msr::gs_base, *gs_base_);
}

bool RegisterFile::read(ThreadId thread, std::size_t number, std::span<std::byte> value) {
  const Register& declared = declaration(number);
  if (thread != threads_.running() && !of_core(declared)) return read_saved(thread, number, value);
  switch (static_cast<Bank>(declared.bank)) {
    case Bank::frame: {
      std::memcpy(value.data(), reinterpret_cast<const std::byte*>(frame_) + declared.place, value.size());
      return true;
    }
    case Bank::selector:
      to_bytes(read_selector(static_cast<Selector>(declared.place)), value);
      return true;
    case Bank::x87:
    case Bank::x87_word:
    case Bank::sse:
    case Bank::mxcsr:
      return float_state_.read(declared, value);
    case Bank::base: {
      const bool fs = static_cast<SegmentBase>(declared.place) == SegmentBase::fs;
      const auto& changed = fs ? fs_base_ : gs_base_;
      to_bytes(changed ? *changed : arch::read_msr(fs ? arch::Msr::fs_base : arch::Msr::gs_base), value);
      return true;
    }
    case Bank::control:
      to_bytes(read_control(static_cast<Control>(declared.place)), value);
      return true;
  }
  return false;
}

bool RegisterFile::write(ThreadId thread, std::size_t number, std::span<const std::byte> value) {
  const Register& declared = declaration(number);
  if (thread != threads_.running() && !of_core(declared)) return write_saved(thread, number, value);
  switch (static_cast<Bank>(declared.bank)) {
    case Bank::frame:
      return write_frame(number, declared, from_bytes(value));
    // Other selectors have no use in this kernel, and a wrong one is a fault outside anyone's sight.
    case Bank::selector:
      return from_bytes(value) == read_selector(static_cast<Selector>(declared.place));
    case Bank::x87:
    case Bank::x87_word:
    case Bank::sse:
    case Bank::mxcsr:
      return float_state_.write(declared, value);
    case Bank::base: {
      const std::uint64_t base = from_bytes(value);
      if (!canonical(base)) return false;
      (static_cast<SegmentBase>(declared.place) == SegmentBase::fs ? fs_base_ : gs_base_) = base;
      return true;
    }
    case Bank::control:
      return write_control(static_cast<Control>(declared.place), from_bytes(value));
  }
  return false;
}

bool RegisterFile::write_frame(std::size_t number, const Register& declared, std::uint64_t value) {
  if (number == rip) {
    if (!canonical(value)) return false;
    moved_ = true;
  }
  if (number == eflags) {
    constexpr std::uint64_t kReserved = 0xffff'ffff'ffc0'802a, kAlwaysSet = 2, kVirtual8086 = 1u << 17;
    // The trap flag is the stub's own while it steps; a debugger that writes back what it read must not keep it.
    value = (value & ~kReserved & ~kVirtual8086 & ~kTrapFlag) | kAlwaysSet;
  }
  std::memcpy(reinterpret_cast<std::byte*>(frame_) + declared.place, &value, sizeof value);
  return true;
}

bool RegisterFile::read_saved(ThreadId thread, std::size_t number, std::span<std::byte> value) const {
  const Register& declared = declaration(number);
  const std::uint64_t saved = threads_.saved_frame(thread);
  if (static_cast<Bank>(declared.bank) == Bank::base) {
    std::uint64_t base = 0;
    if (!threads_.fs_base(thread, base)) return false;
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

bool RegisterFile::write_saved(ThreadId thread, std::size_t number, std::span<const std::byte> value) const {
  const std::uint64_t saved = threads_.saved_frame(thread);
  const auto offset = saved_offset(number);
  return saved != 0 && offset && write_memory(saved + *offset, value) == value.size();
}

std::uint64_t RegisterFile::read_selector(Selector which) const {
  std::uint16_t value = 0;
  switch (which) {
    case Selector::cs:
      return frame_->cs;
    case Selector::ss:
      return frame_->ss;
    case Selector::ds:
      asm volatile("mov %%ds, %0" : "=r"(value));
      break;
    case Selector::es:
      asm volatile("mov %%es, %0" : "=r"(value));
      break;
    case Selector::fs:
      asm volatile("mov %%fs, %0" : "=r"(value));
      break;
    case Selector::gs:
      asm volatile("mov %%gs, %0" : "=r"(value));
      break;
  }
  return value;
}

std::uint64_t RegisterFile::read_control(Control which) const {
  switch (which) {
    case Control::cr0:
      return arch::read_cr0();
    case Control::cr2:
      return cr2_;
    case Control::cr3:
      return arch::read_cr3();
    case Control::cr4:
      return arch::read_cr4();
    case Control::cr8:
      return read_cr8();
    case Control::efer:
      return arch::read_msr(arch::Msr::efer);
  }
  return 0;
}

// The processor answers a wrong value with a fault in the stub, so only what surely works is let through: bits whose
// change neither faults nor takes the ground from under the kernel. [SDM 3A 2.5]
bool RegisterFile::write_control(Control which, std::uint64_t value) {
  constexpr std::uint64_t kCr0Free = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 5 | 1u << 16 | 1u << 18;
  constexpr std::uint64_t kCr4Free = 1u << 2 | 1u << 3 | 1u << 7 | 1u << 8 | 1u << 9 | 1u << 10;
  constexpr std::uint64_t kCr4MayClear = 1u << 11 | 1u << 16 | 1u << 20 | 1u << 21;
  constexpr std::uint64_t kEferFree = 1u << 0;
  const std::uint64_t present = read_control(which);
  const std::uint64_t changed = present ^ value;
  switch (which) {
    case Control::cr0:
      if ((changed & ~kCr0Free) != 0) return false;
      arch::write_cr0(value);
      return true;
    case Control::cr2:
      cr2_ = value;
      return true;
    // Other tables need not hold the stub.
    case Control::cr3:
      if (changed != 0) return false;
      arch::write_cr3(value);
      return true;
    case Control::cr4:
      if ((changed & ~kCr4Free & ~(kCr4MayClear & present)) != 0) return false;
      arch::write_cr4(value);
      return true;
    case Control::cr8:
      if (value > 15) return false;
      write_cr8(value);
      return true;
    case Control::efer:
      if ((changed & ~kEferFree) != 0) return false;
      arch::write_msr(arch::Msr::efer, value);
      return true;
  }
  return false;
}

}  // namespace toro::gdbstub::x86_64
