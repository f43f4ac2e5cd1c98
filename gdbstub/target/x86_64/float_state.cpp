#include "gdbstub/target/x86_64/float_state.hpp"

#include <cstring>

#include "kernel/arch/x86_64/cpu.hpp"

namespace toro::gdbstub::x86_64 {

namespace {

// Offsets in the area of FXSAVE64. [SDM 1 table 10-2]
constexpr std::size_t kControl = 0, kStatus = 2, kTag = 4, kOpcode = 6, kCodeOffset = 8, kCodeSegment = 12;
constexpr std::size_t kDataOffset = 16, kDataSegment = 20, kMxcsr = 24, kMxcsrMask = 28, kStack = 32, kXmm = 160;

constexpr std::uint32_t kDefaultMxcsrMask = 0xffbf;

}  // namespace

template <typename Value>
Value FloatState::load(std::size_t offset) const {
  Value value;
  std::memcpy(&value, area_ + offset, sizeof value);
  return value;
}

template <typename Value>
void FloatState::store(std::size_t offset, Value value) {
  std::memcpy(area_ + offset, &value, sizeof value);
}

void FloatState::capture() {
  captured_ = modified_ = false;
  constexpr std::uint64_t kEmulation = 1u << 2, kTaskSwitched = 1u << 3, kOsFxsr = 1u << 9;
  if ((arch::read_cr0() & (kEmulation | kTaskSwitched)) != 0 || (arch::read_cr4() & kOsFxsr) == 0) return;
  asm volatile("fxsave64 %0" : "=m"(area_));
  captured_ = true;
}

void FloatState::put_back() {
  if (modified_) asm volatile("fxrstor64 %0" ::"m"(area_));
  captured_ = modified_ = false;
}

void FloatState::begin(std::uint16_t control, std::uint32_t mxcsr) {
  std::memset(area_, 0, sizeof area_);
  store(kControl, control);
  store(kMxcsr, mxcsr);
  captured_ = true;
}

// FXSAVE keeps one bit for each register, GDB shows the two of FSAVE. [SDM 1 8.1.7, 10.5.1.1]
std::uint16_t FloatState::full_tags() const {
  const auto abridged = load<std::uint8_t>(kTag);
  const unsigned top = load<std::uint16_t>(kStatus) >> 11 & 7;
  unsigned tags = 0;
  for (unsigned physical = 0; physical < 8; ++physical) {
    unsigned tag = 3;
    if ((abridged >> physical & 1) != 0) {
      const std::size_t slot = kStack + 16 * ((physical + 8 - top) & 7);
      const auto fraction = load<std::uint64_t>(slot);
      const unsigned exponent = load<std::uint16_t>(slot + 8) & 0x7fff;
      if (exponent == 0 && fraction == 0) {
        tag = 1;
      } else {
        tag = exponent != 0 && exponent != 0x7fff && fraction >> 63 != 0 ? 0 : 2;
      }
    }
    tags |= tag << (2 * physical);
  }
  return static_cast<std::uint16_t>(tags);
}

std::uint32_t FloatState::word(X87Word which) const {
  switch (which) {
    case X87Word::control:
      return load<std::uint16_t>(kControl);
    case X87Word::status:
      return load<std::uint16_t>(kStatus);
    case X87Word::tag:
      return full_tags();
    case X87Word::code_segment:
      return load<std::uint16_t>(kCodeSegment);
    case X87Word::code_offset:
      return load<std::uint32_t>(kCodeOffset);
    case X87Word::data_segment:
      return load<std::uint16_t>(kDataSegment);
    case X87Word::data_offset:
      return load<std::uint32_t>(kDataOffset);
    case X87Word::opcode:
      return load<std::uint16_t>(kOpcode) & 0x7ffu;
  }
  return 0;
}

void FloatState::set_word(X87Word which, std::uint32_t value) {
  const auto low = static_cast<std::uint16_t>(value);
  switch (which) {
    case X87Word::control:
      return store(kControl, low);
    case X87Word::status:
      return store(kStatus, low);
    case X87Word::tag: {
      unsigned abridged = 0;
      for (unsigned i = 0; i < 8; ++i) abridged |= (low >> (2 * i) & 3) != 3 ? 1u << i : 0u;
      return store(kTag, static_cast<std::uint8_t>(abridged));
    }
    case X87Word::code_segment:
      return store(kCodeSegment, low);
    case X87Word::code_offset:
      return store(kCodeOffset, value);
    case X87Word::data_segment:
      return store(kDataSegment, low);
    case X87Word::data_offset:
      return store(kDataOffset, value);
    case X87Word::opcode:
      return store(kOpcode, static_cast<std::uint16_t>(low & 0x7ff));
  }
}

bool FloatState::read(const Register& declared, std::span<std::byte> value) const {
  if (!captured_) return false;
  switch (static_cast<Bank>(declared.bank)) {
    case Bank::x87:
      std::memcpy(value.data(), area_ + kStack + 16u * declared.place, value.size());
      return true;
    case Bank::sse:
      std::memcpy(value.data(), area_ + kXmm + 16u * declared.place, value.size());
      return true;
    case Bank::mxcsr:
      std::memcpy(value.data(), area_ + kMxcsr, value.size());
      return true;
    case Bank::x87_word: {
      const std::uint32_t content = word(static_cast<X87Word>(declared.place));
      std::memcpy(value.data(), &content, sizeof content);
      return true;
    }
    default:
      return false;
  }
}

bool FloatState::write(const Register& declared, std::span<const std::byte> value) {
  if (!captured_) return false;
  std::uint32_t content = 0;
  switch (static_cast<Bank>(declared.bank)) {
    case Bank::x87:
      std::memcpy(area_ + kStack + 16u * declared.place, value.data(), value.size());
      break;
    case Bank::sse:
      std::memcpy(area_ + kXmm + 16u * declared.place, value.data(), value.size());
      break;
    case Bank::mxcsr: {
      // FXRSTOR faults on reserved bits. [SDM 1 11.6.6]
      std::memcpy(&content, value.data(), sizeof content);
      const auto mask = load<std::uint32_t>(kMxcsrMask);
      if ((content & ~(mask != 0 ? mask : kDefaultMxcsrMask)) != 0) return false;
      store(kMxcsr, content);
      break;
    }
    case Bank::x87_word:
      std::memcpy(&content, value.data(), sizeof content);
      set_word(static_cast<X87Word>(declared.place), content);
      break;
    default:
      return false;
  }
  return modified_ = true;
}

}  // namespace toro::gdbstub::x86_64
