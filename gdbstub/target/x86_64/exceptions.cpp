#include "gdbstub/target/x86_64/exceptions.hpp"

#include "kernel/arch/x86_64/trap.hpp"

namespace toro::gdbstub::x86_64 {

namespace {

using arch::Exception;

std::string_view name_of(Exception vector) {
  switch (vector) {
    case Exception::divide_error:
      return "divide error";
    case Exception::debug:
      return "debug";
    case Exception::nmi:
      return "NMI";
    case Exception::breakpoint:
      return "breakpoint";
    case Exception::overflow:
      return "overflow";
    case Exception::bound_range:
      return "bound range exceeded";
    case Exception::invalid_opcode:
      return "invalid opcode";
    case Exception::device_not_available:
      return "device not available";
    case Exception::double_fault:
      return "double fault";
    case Exception::invalid_tss:
      return "invalid TSS";
    case Exception::segment_not_present:
      return "segment not present";
    case Exception::stack_fault:
      return "stack fault";
    case Exception::general_protection:
      return "general protection";
    case Exception::page_fault:
      return "page fault";
    case Exception::x87_error:
      return "x87 floating-point error";
    case Exception::alignment_check:
      return "alignment check";
    case Exception::machine_check:
      return "machine check";
    case Exception::simd_error:
      return "SIMD floating-point error";
    case Exception::control_protection:
      return "control protection";
  }
  return "exception";
}

}  // namespace

Signal signal_of(std::uint64_t vector) {
  switch (static_cast<Exception>(vector)) {
    case Exception::debug:
    case Exception::breakpoint:
      return Signal::trap;
    case Exception::nmi:
      return Signal::interrupt;
    case Exception::divide_error:
    case Exception::overflow:
    case Exception::device_not_available:
    case Exception::x87_error:
    case Exception::simd_error:
      return Signal::arithmetic;
    case Exception::invalid_opcode:
      return Signal::illegal;
    case Exception::alignment_check:
    case Exception::machine_check:
      return Signal::bus;
    default:
      return Signal::segmentation;
  }
}

void describe_exception(TextWriter& out, std::uint64_t vector, std::uint64_t error_code, std::uint64_t cr2) {
  out.text(name_of(static_cast<Exception>(vector)));
  switch (static_cast<Exception>(vector)) {
    case Exception::page_fault: {
      // [SDM 3A 4.7]
      constexpr std::uint64_t kPresent = 1, kWrite = 2, kReserved = 8, kFetch = 16;
      out.text((error_code & kFetch) != 0   ? ": execution of "
               : (error_code & kWrite) != 0 ? ": write to "
                                            : ": read of ");
      out.text("0x");
      out.hex(cr2);
      out.text((error_code & kReserved) != 0  ? ", whose table entry has reserved bits set"
               : (error_code & kPresent) != 0 ? ", which does not allow it"
                                              : ", which is not mapped");
      return;
    }
    case Exception::invalid_tss:
    case Exception::segment_not_present:
    case Exception::stack_fault:
    case Exception::general_protection:
    case Exception::control_protection:
      out.text(", error code 0x");
      out.hex(error_code);
      return;
    default:
      return;
  }
}

}  // namespace toro::gdbstub::x86_64
