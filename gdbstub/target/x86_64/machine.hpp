// This machine as a Target, while all its cores stand.
#pragma once

#include <span>

#include "gdbstub/protocol/target.hpp"
#include "gdbstub/target/x86_64/cores.hpp"
#include "gdbstub/target/x86_64/debug_registers.hpp"
#include "gdbstub/target/x86_64/parked_flows.hpp"
#include "gdbstub/target/x86_64/register_file.hpp"
#include "gdbstub/target/x86_64/software_breakpoints.hpp"
#include "gdbstub/target/x86_64/threads.hpp"

namespace toro::gdbstub::x86_64 {

/// Code where breakpoints are accepted and never met, because the stub itself runs it: [begin, end).
struct TextRange {
  std::uint64_t begin;
  std::uint64_t end;
};

/// The kernel that the stub is a part of.
class OwnKernel final : public KernelView {
 public:
  [[nodiscard]] std::size_t read_memory(std::uint64_t address, std::span<std::byte> to) const override;
  [[nodiscard]] const tables::Anchor& anchor() const override { return tables::anchor; }
  [[nodiscard]] const arch::TrapFrame* frame_of(unsigned core) const override;
};

class Machine final : public Target {
 public:
  explicit Machine(std::span<const TextRange> protected_text) : protected_text_(protected_text) {}

  [[nodiscard]] SoftwareBreakpoints& software() { return software_; }
  [[nodiscard]] const DebugRegisters& hardware() const { return hardware_; }
  [[nodiscard]] Cores& cores() { return cores_; }
  [[nodiscard]] Threads threads() const { return Threads(kernel_); }
  /// Where a thread that does not run goes on; 0 where that is not known.
  [[nodiscard]] std::uint64_t goes_on_at(ThreadId thread);
  /// Whether a thread runs on its core, or may do so without the scheduler's leave; then it does from now on.
  [[nodiscard]] bool lend_core(ThreadId thread);
  /// Each core runs again what the scheduler left it with.
  void give_back_cores();

  [[nodiscard]] const RegisterSet& register_set() const override { return x86_64::register_set(); }
  [[nodiscard]] bool read_register(ThreadId thread, std::size_t number, std::span<std::byte> value) override {
    return x86_64::read_register(kernel_, parked_, thread, number, value);
  }
  [[nodiscard]] bool write_register(ThreadId thread, std::size_t number, std::span<const std::byte> value) override {
    return x86_64::write_register(kernel_, parked_, thread, number, value);
  }
  [[nodiscard]] std::size_t read_memory(std::uint64_t address, std::span<std::byte> to) override;
  [[nodiscard]] std::size_t write_memory(std::uint64_t address, std::span<const std::byte> from) override;
  [[nodiscard]] MemoryRegion region_at(std::uint64_t address) override;
  [[nodiscard]] BreakpointResult insert_breakpoint(const Breakpoint& breakpoint) override;
  [[nodiscard]] BreakpointResult remove_breakpoint(const Breakpoint& breakpoint) override;
  void remove_all_breakpoints() override;
  void list_breakpoints(TextWriter& out) override;
  [[nodiscard]] ImagePlace image() const override { return image_place(kernel_); }
  [[nodiscard]] TableRange tables() const override { return table_range(kernel_); }
  [[nodiscard]] unsigned core_count() const override { return kernel_.core_count(); }
  [[nodiscard]] std::optional<std::uint64_t> core_copy(unsigned core, std::uint64_t variable) const override {
    return kernel_.core_copy(core, variable);
  }
  void first_thread(Thread& thread) override;
  [[nodiscard]] bool next_thread(Thread& thread) override;
  [[nodiscard]] bool can_resume(const ResumeRequest& request) override;

 private:
  [[nodiscard]] bool is_protected(std::uint64_t address) const;
  void place_parked(Thread& thread);

  std::span<const TextRange> protected_text_;
  OwnKernel kernel_;
  Cores cores_;
  SoftwareBreakpoints software_;
  DebugRegisters hardware_;
  ParkedFlows parked_;
};

}  // namespace toro::gdbstub::x86_64
