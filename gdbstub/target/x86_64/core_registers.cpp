#include "gdbstub/target/x86_64/core_registers.hpp"

#include <cstring>

#include "kernel/arch/x86_64/cpu.hpp"

namespace toro::gdbstub::x86_64 {

namespace {

constexpr std::uint64_t kTrapFlag = 1u << 8;

bool is_canonical(std::uint64_t address) {
  constexpr std::uint64_t kLa57 = 1u << 12;
  const unsigned unused = (arch::read_cr4() & kLa57) != 0 ? 7 : 16;
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(address << unused) >> unused) == address;
}

constexpr std::size_t index_of(auto which) {
  return static_cast<std::size_t>(which);
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

}  // namespace

void CoreRegisters::begin(arch::TrapFrame& frame) {
  frame_ = &frame;
  controls_[index_of(Control::cr2)] = arch::read_cr2();
  captured_ = controls_changed_ = bases_changed_ = moved_ = false;
}

void CoreRegisters::capture() {
  if (captured_) return;
  captured_ = true;
  float_state_.capture();
  controls_[index_of(Control::cr0)] = arch::read_cr0();
  controls_[index_of(Control::cr3)] = arch::read_cr3();
  controls_[index_of(Control::cr4)] = arch::read_cr4();
  controls_[index_of(Control::cr8)] = read_cr8();
  controls_[index_of(Control::efer)] = arch::read_msr(arch::Msr::efer);
  bases_[index_of(SegmentBase::fs)] = arch::read_msr(arch::Msr::fs_base);
  bases_[index_of(SegmentBase::gs)] = arch::read_msr(arch::Msr::gs_base);
  std::uint16_t selector;
  asm volatile("mov %%ds, %0" : "=r"(selector));
  selectors_[index_of(Selector::ds)] = selector;
  asm volatile("mov %%es, %0" : "=r"(selector));
  selectors_[index_of(Selector::es)] = selector;
  asm volatile("mov %%fs, %0" : "=r"(selector));
  selectors_[index_of(Selector::fs)] = selector;
  asm volatile("mov %%gs, %0" : "=r"(selector));
  selectors_[index_of(Selector::gs)] = selector;
}

void CoreRegisters::put_back() {
  if (!captured_) return;
  captured_ = false;
  float_state_.put_back();
  write_cr2(control(Control::cr2));
  if (bases_changed_) {
    arch::write_msr(arch::Msr::fs_base, bases_[index_of(SegmentBase::fs)]);
    arch::write_msr(arch::Msr::gs_base, bases_[index_of(SegmentBase::gs)]);
  }
  if (!controls_changed_) return;
  arch::write_cr0(control(Control::cr0));
  arch::write_cr4(control(Control::cr4));
  write_cr8(control(Control::cr8));
  arch::write_msr(arch::Msr::efer, control(Control::efer));
}

bool CoreRegisters::save(arch::TrapFrame& frame, FloatState& float_state) const {
  frame = *frame_;
  float_state = float_state_;
  return float_state.is_known();
}

void CoreRegisters::load(const arch::TrapFrame& frame, const FloatState& float_state, std::uint64_t fs_base) {
  *frame_ = frame;
  float_state_ = float_state;
  float_state_.touch();
  bases_[index_of(SegmentBase::fs)] = fs_base;
  bases_changed_ = moved_ = true;
}

bool CoreRegisters::read(const Register& declared, std::span<std::byte> value) const {
  switch (static_cast<Bank>(declared.bank)) {
    case Bank::frame:
      std::memcpy(value.data(), reinterpret_cast<const std::byte*>(frame_) + declared.place, value.size());
      return true;
    case Bank::selector:
      to_bytes(selector(static_cast<Selector>(declared.place)), value);
      return true;
    case Bank::x87:
    case Bank::x87_word:
    case Bank::sse:
    case Bank::mxcsr:
      return float_state_.read(declared, value);
    case Bank::base:
      to_bytes(bases_[declared.place], value);
      return true;
    case Bank::control:
      to_bytes(controls_[declared.place], value);
      return true;
  }
  return false;
}

bool CoreRegisters::write(std::size_t number, const Register& declared, std::span<const std::byte> value) {
  switch (static_cast<Bank>(declared.bank)) {
    case Bank::frame:
      if (!write_frame(*frame_, number, declared, from_bytes(value))) return false;
      moved_ |= number == rip;
      return true;
    // Other selectors have no use in this kernel, and a wrong one is a fault outside anyone's sight.
    case Bank::selector:
      return from_bytes(value) == selector(static_cast<Selector>(declared.place));
    case Bank::x87:
    case Bank::x87_word:
    case Bank::sse:
    case Bank::mxcsr:
      return float_state_.write(declared, value);
    case Bank::base: {
      const std::uint64_t base = from_bytes(value);
      if (!is_canonical(base)) return false;
      bases_[declared.place] = base;
      return bases_changed_ = true;
    }
    case Bank::control:
      return write_control(static_cast<Control>(declared.place), from_bytes(value));
  }
  return false;
}

std::uint64_t CoreRegisters::selector(Selector which) const {
  switch (which) {
    case Selector::cs:
      return frame_->cs;
    case Selector::ss:
      return frame_->ss;
    default:
      return selectors_[index_of(which)];
  }
}

bool write_frame(arch::TrapFrame& frame, std::size_t number, const Register& declared, std::uint64_t value) {
  if (number == rip && !is_canonical(value)) return false;
  if (number == eflags) {
    constexpr std::uint64_t kReserved = 0xffff'ffff'ffc0'802a, kAlwaysSet = 2, kVirtual8086 = 1u << 17;
    // The trap flag is the stub's own while it steps; a debugger that writes back what it read must not keep it.
    value = (value & ~kReserved & ~kVirtual8086 & ~kTrapFlag) | kAlwaysSet;
  }
  std::memcpy(reinterpret_cast<std::byte*>(&frame) + declared.place, &value, sizeof value);
  return true;
}

// The processor answers a wrong value with a fault in the stub, so only what surely works is let through: bits whose
// change neither faults nor takes the ground from under the kernel. [SDM 3A 2.5]
bool CoreRegisters::write_control(Control which, std::uint64_t value) {
  constexpr std::uint64_t kCr0Free = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 5 | 1u << 16 | 1u << 18;
  constexpr std::uint64_t kCr4Free = 1u << 2 | 1u << 3 | 1u << 7 | 1u << 8 | 1u << 9 | 1u << 10;
  constexpr std::uint64_t kCr4MayClear = 1u << 11 | 1u << 16 | 1u << 20 | 1u << 21;
  constexpr std::uint64_t kEferFree = 1u << 0;
  const std::uint64_t present = control(which);
  const std::uint64_t changed = present ^ value;
  switch (which) {
    case Control::cr0:
      if ((changed & ~kCr0Free) != 0) return false;
      break;
    case Control::cr2:
      break;
    // Other tables need not hold the stub.
    case Control::cr3:
      if (changed != 0) return false;
      break;
    case Control::cr4:
      if ((changed & ~kCr4Free & ~(kCr4MayClear & present)) != 0) return false;
      break;
    case Control::cr8:
      if (value > 15) return false;
      break;
    case Control::efer:
      if ((changed & ~kEferFree) != 0) return false;
      break;
  }
  controls_[index_of(which)] = value;
  return controls_changed_ = true;
}

}  // namespace toro::gdbstub::x86_64
