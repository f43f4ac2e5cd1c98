// The kernel's flows of execution as threads, read as memory that may be damaged.
#pragma once

#include <cstdint>

#include "gdbstub/protocol/types.hpp"
#include "gdbstub/target/x86_64/kernel_view.hpp"

namespace toro::gdbstub::x86_64 {

class Threads {
 public:
  explicit constexpr Threads(const KernelView& kernel) : kernel_(kernel) {}

  /// The number of the flow that runs on a core. Before the scheduler knows any, and outside all of them, a thread
  /// "core N" stands for the core itself.
  [[nodiscard]] ThreadId running_on(unsigned core) const;

  struct Place {
    unsigned core;
    bool runs;
  };
  /// Where a thread belongs; a number that is no thread's belongs to core 0.
  [[nodiscard]] Place place_of(ThreadId id) const;

  void first(Thread& thread) const;
  [[nodiscard]] bool next(Thread& thread) const;

  /// Where the registers of a thread that does not run were saved; 0 where there is none or it runs.
  [[nodiscard]] std::uint64_t saved_frame(ThreadId id) const;
  /// The kernel's record of a thread; 0 for a number that is no thread's.
  [[nodiscard]] std::uintptr_t record_of(ThreadId id) const;
  [[nodiscard]] bool fs_base(ThreadId id, std::uint64_t& value) const;

 private:
  [[nodiscard]] bool read_running(unsigned core, arch::Context& context) const;
  [[nodiscard]] std::uintptr_t find_context(arch::Context& context, unsigned& core, ThreadId id) const;
  [[nodiscard]] bool fill(Thread& thread, unsigned core, const arch::ContextRegistry& registry,
                          std::uintptr_t address) const;
  void fill_running(Thread& thread) const;
  void fill_first(Thread& thread, unsigned core) const;
  template <std::size_t size>
  void copy_text(char (&to)[size], std::uintptr_t from) const;

  const KernelView& kernel_;
};

}  // namespace toro::gdbstub::x86_64
