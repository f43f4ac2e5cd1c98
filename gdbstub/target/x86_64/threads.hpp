// The kernel's flows of execution as threads, read as memory that may be damaged.
#pragma once

#include <cstdint>

#include "gdbstub/protocol/types.hpp"
#include "kernel/arch/x86_64/context.hpp"
#include "kernel/arch/x86_64/trap.hpp"

namespace toro::gdbstub::x86_64 {

class Threads {
 public:
  /// At every stop: the frame is the running flow's.
  void begin(const arch::TrapFrame& frame);

  /// Which flow the stopped code belongs to. Before the scheduler knows any, and outside all of them, a thread
  /// "core N" stands for the core itself.
  [[nodiscard]] ThreadId running() const { return running_; }

  void first(Thread& thread) const;
  [[nodiscard]] bool next(Thread& thread) const;

  /// Where the registers of a thread that does not run were saved; 0 where there is none or it runs.
  [[nodiscard]] std::uint64_t saved_frame(ThreadId id) const;
  [[nodiscard]] bool fs_base(ThreadId id, std::uint64_t& value) const;

  /// The running flow's number as the registry has it now, without a stop.
  [[nodiscard]] static ThreadId running_now();

 private:
  [[nodiscard]] bool fill(Thread& thread, std::uintptr_t context) const;
  [[nodiscard]] bool find(ThreadId id, arch::Context& context) const;

  const arch::TrapFrame* frame_ = nullptr;
  ThreadId running_ = ThreadId::any;
  bool core_itself_ = false;  ///< no flow runs: the list begins with the core's own entry
};

}  // namespace toro::gdbstub::x86_64
