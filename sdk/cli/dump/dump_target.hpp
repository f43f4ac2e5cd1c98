// A memory dump as the machine that a debugger asks about: it can be read, and neither changed nor run.
#pragma once

#include <string>

#include "gdbstub/protocol/target.hpp"
#include "gdbstub/target/x86_64/page_walk.hpp"
#include "gdbstub/target/x86_64/threads.hpp"
#include "sdk/cli/dump/dumped_kernel.hpp"

namespace toro::cli {

class DumpTarget final : public gdbstub::Target {
 public:
  /// `kernel` must live as long.
  explicit DumpTarget(const DumpedKernel& kernel);

  /// Why the machine stands; lives as long as this.
  [[nodiscard]] gdbstub::StopEvent stop() const;

  [[nodiscard]] const gdbstub::RegisterSet& register_set() const override;
  [[nodiscard]] bool read_register(gdbstub::ThreadId thread, std::size_t number, std::span<std::byte> value) override;
  [[nodiscard]] bool write_register(gdbstub::ThreadId, std::size_t, std::span<const std::byte>) override {
    return false;
  }
  /// What the page tables do not map is not there, though the dump may have memory of that address.
  [[nodiscard]] std::size_t read_memory(std::uint64_t address, std::span<std::byte> to) override;
  [[nodiscard]] std::size_t write_memory(std::uint64_t, std::span<const std::byte>) override { return 0; }
  [[nodiscard]] gdbstub::MemoryRegion region_at(std::uint64_t address) override;
  [[nodiscard]] gdbstub::BreakpointResult insert_breakpoint(const gdbstub::Breakpoint&) override {
    return gdbstub::BreakpointResult::never_runs;
  }
  [[nodiscard]] gdbstub::BreakpointResult remove_breakpoint(const gdbstub::Breakpoint&) override {
    return gdbstub::BreakpointResult::done;
  }
  void remove_all_breakpoints() override {}
  void list_breakpoints(gdbstub::TextWriter& out) override { out.text("none: this is a memory dump\n"); }
  [[nodiscard]] gdbstub::ImagePlace image() const override { return gdbstub::x86_64::image_place(kernel_); }
  [[nodiscard]] gdbstub::TableRange tables() const override { return gdbstub::x86_64::table_range(kernel_); }
  [[nodiscard]] unsigned core_count() const override { return kernel_.core_count(); }
  [[nodiscard]] std::optional<std::uint64_t> core_copy(unsigned core, std::uint64_t variable) const override {
    return kernel_.core_copy(core, variable);
  }
  void first_thread(gdbstub::Thread& thread) override { threads_.first(thread); }
  [[nodiscard]] bool next_thread(gdbstub::Thread& thread) override { return threads_.next(thread); }
  [[nodiscard]] bool can_resume(const gdbstub::ResumeRequest&) override { return false; }

 private:
  [[nodiscard]] gdbstub::x86_64::PageTables page_tables() const;

  const DumpedKernel& kernel_;
  gdbstub::x86_64::Threads threads_;
  std::string description_;
};

}  // namespace toro::cli
