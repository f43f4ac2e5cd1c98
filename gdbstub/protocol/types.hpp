// The words that the protocol and a target share: threads, signals, stops, resumption, breakpoints, memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace toro::gdbstub {

/// The kernel's own thread numbers, from 1.
enum class ThreadId : std::uint32_t { any = 0, all = 0xffff'ffff };

/// Addresses of the image's first byte.
struct ImagePlace {
  std::uint64_t linked;
  std::uint64_t loaded;
};

/// Where the pointers to the descriptions of the kernel's tables lie: [begin, end).
struct TableRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// GDB's numbers, which are no system's. [GDB include/gdb/signals.def]
enum class Signal : std::uint8_t {
  none = 0,
  interrupt = 2,
  illegal = 4,
  trap = 5,
  abort = 6,
  arithmetic = 8,
  bus = 10,
  segmentation = 11
};

enum class StopReason : std::uint8_t {
  none,
  step,
  program_trap,  ///< an `int3` or a trap flag of the program itself
  software_breakpoint,
  hardware_breakpoint,
  write_watchpoint,
  read_watchpoint,
  access_watchpoint,
  interrupt,  ///< the debugger asked
  exception,
  recording_begins,  ///< there is no further back
};

struct StopEvent {
  StopReason reason = StopReason::none;
  Signal signal = Signal::trap;
  ThreadId thread = ThreadId::any;
  std::uint64_t address = 0;          ///< of the data, for watchpoints
  std::string_view description = {};  ///< for people; lives as long as the stop
};

enum class ResumeAction : std::uint8_t { run, step, step_range, reverse_run, reverse_step };

struct ResumeRequest {
  ResumeAction action = ResumeAction::run;
  ThreadId thread = ThreadId::any;  ///< which steps
  bool others_run = true;           ///< whether the client lets other threads go on meanwhile
  Signal signal = Signal::none;     ///< what to deliver
  std::uint64_t range_start = 0;    ///< of step_range
  std::uint64_t range_end = 0;      ///< one past the last
};

/// The numbers are those of `Z` packets. [GDB RSP, Packets, "Z0" to "Z4"]
enum class BreakpointKind : std::uint8_t { software, execute, write, read, access };

struct Breakpoint {
  BreakpointKind kind = BreakpointKind::software;
  std::uint64_t address = 0;
  std::uint64_t length = 1;
};

enum class BreakpointResult : std::uint8_t {
  done,
  unmapped,        ///< no such memory
  table_full,      ///< no place left for software breakpoints
  registers_full,  ///< every debug register is in use
  never_runs,      ///< the target is a memory dump
  invalid,
};

struct MemoryRegion {
  std::uint64_t start = 0;
  std::uint64_t size = 0;  ///< 0: to the end of the address space, from 0
  bool mapped = false;
  bool writable = false;
  bool executable = false;
};

struct Thread {
  ThreadId id = ThreadId::any;
  std::uint32_t core = 0;
  std::string_view state = {};  ///< a literal
  char name[32] = {};           ///< NUL-terminated
  char waits_for[24] = {};      ///< NUL-terminated; empty unless waiting
  std::uint64_t pc = 0;
  std::uint64_t sp = 0;
  std::uint64_t stack_low = 0;
  std::uint64_t stack_high = 0;
  std::uintptr_t cursor = 0;   ///< the target's own, to find the next
  std::uint32_t position = 0;  ///< the target's own, to end a damaged list
};

}  // namespace toro::gdbstub
