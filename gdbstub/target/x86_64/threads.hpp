// The kernel's flows of execution as threads, read as memory that may be damaged.
#pragma once

#include <cstdint>

#include "gdbstub/protocol/types.hpp"
#include "gdbstub/target/x86_64/cores.hpp"
#include "kernel/arch/x86_64/context.hpp"

namespace toro::gdbstub::x86_64 {

class Threads {
 public:
  /// The number of the flow that runs on a core. Before the scheduler knows any, and outside all of them, a thread
  /// "core N" stands for the core itself.
  [[nodiscard]] static ThreadId running_on(unsigned core);

  struct Place {
    unsigned core;
    bool runs;
  };
  /// Where a thread belongs; a number that is no thread's belongs to core 0.
  [[nodiscard]] static Place place_of(ThreadId id);

  static void first(Thread& thread);
  [[nodiscard]] static bool next(Thread& thread);

  /// Where the registers of a thread that does not run were saved; 0 where there is none or it runs.
  [[nodiscard]] static std::uint64_t saved_frame(ThreadId id);
  [[nodiscard]] static bool fs_base(ThreadId id, std::uint64_t& value);
};

}  // namespace toro::gdbstub::x86_64
