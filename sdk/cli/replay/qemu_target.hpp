// A guest of one core that QEMU's own stub holds, as the kernel knows it: its threads, tables and what each waits for.
#pragma once

#include <vector>

#include "gdbstub/protocol/target.hpp"
#include "gdbstub/target/x86_64/kernel_view.hpp"
#include "gdbstub/target/x86_64/page_walk.hpp"
#include "gdbstub/target/x86_64/threads.hpp"
#include "sdk/cli/replay/qemu_stub.hpp"

namespace toro::cli {

/// The kernel in the guest's memory, and the registers of the core.
class QemuKernel final : public gdbstub::x86_64::KernelView {
 public:
  /// `stub` must live as long.
  QemuKernel(QemuStub& stub, const tables::Anchor& anchor) : stub_(stub), anchor_(anchor) {}

  [[nodiscard]] std::size_t read_memory(std::uint64_t address, std::span<std::byte> to) const override;
  [[nodiscard]] const tables::Anchor& anchor() const override { return anchor_; }
  [[nodiscard]] const arch::TrapFrame* frame_of(unsigned core) const override;

  /// A register of the core by its name; false where QEMU has none.
  [[nodiscard]] bool read_register(std::string_view name, std::span<std::byte> value) const;
  [[nodiscard]] bool write_register(std::string_view name, std::span<const std::byte> value);
  /// The guest has run: nothing that was read holds any more.
  void forget() { registers_.clear(); }

 private:
  void read_registers() const;

  QemuStub& stub_;
  tables::Anchor anchor_;
  mutable std::vector<std::byte> registers_;  ///< of this stop, once somebody asked
  mutable arch::TrapFrame frame_{};
};

class QemuTarget final : public gdbstub::Target {
 public:
  /// `stub` must live as long.
  QemuTarget(QemuStub& stub, const tables::Anchor& anchor, bool can_reverse)
      : stub_(stub), kernel_(stub, anchor), can_reverse_(can_reverse) {}

  /// What carries a request forwards out, in QEMU's words.
  [[nodiscard]] static std::string_view words_of(gdbstub::ResumeAction action);
  /// The guest has come to a stand after a request, and this is what QEMU says of it.
  [[nodiscard]] gdbstub::StopEvent stopped(const gdbstub::ResumeRequest& request, std::string_view said);

  [[nodiscard]] const gdbstub::RegisterSet& register_set() const override;
  [[nodiscard]] bool read_register(gdbstub::ThreadId thread, std::size_t number, std::span<std::byte> value) override;
  [[nodiscard]] bool write_register(gdbstub::ThreadId thread, std::size_t number,
                                    std::span<const std::byte> value) override;
  [[nodiscard]] std::size_t read_memory(std::uint64_t address, std::span<std::byte> to) override {
    return kernel_.read_memory(address, to);
  }
  [[nodiscard]] std::size_t write_memory(std::uint64_t address, std::span<const std::byte> from) override;
  [[nodiscard]] gdbstub::MemoryRegion region_at(std::uint64_t address) override;
  [[nodiscard]] gdbstub::BreakpointResult insert_breakpoint(const gdbstub::Breakpoint& breakpoint) override;
  [[nodiscard]] gdbstub::BreakpointResult remove_breakpoint(const gdbstub::Breakpoint& breakpoint) override;
  void remove_all_breakpoints() override;
  void list_breakpoints(gdbstub::TextWriter& out) override;
  [[nodiscard]] gdbstub::ImagePlace image() const override { return gdbstub::x86_64::image_place(kernel_); }
  [[nodiscard]] gdbstub::TableRange tables() const override { return gdbstub::x86_64::table_range(kernel_); }
  [[nodiscard]] unsigned core_count() const override { return kernel_.core_count(); }
  [[nodiscard]] std::optional<std::uint64_t> core_copy(unsigned core, std::uint64_t variable) const override {
    return kernel_.core_copy(core, variable);
  }
  void first_thread(gdbstub::Thread& thread) override { threads_.first(thread); }
  [[nodiscard]] bool next_thread(gdbstub::Thread& thread) override { return threads_.next(thread); }
  /// A thread that does not run is not stepped: QEMU knows the core alone.
  [[nodiscard]] bool can_resume(const gdbstub::ResumeRequest& request) override;
  [[nodiscard]] bool can_reverse() const override { return can_reverse_; }

  /// QEMU forgets the breakpoints, or was started anew, and is told of them again.
  void take_breakpoints_out();
  void put_breakpoints_in();

 private:
  bool tell(char packet, const gdbstub::Breakpoint& breakpoint);
  [[nodiscard]] bool is_inserted(gdbstub::BreakpointKind kind, std::uint64_t address) const;

  QemuStub& stub_;
  QemuKernel kernel_;
  bool can_reverse_;
  gdbstub::x86_64::Threads threads_{kernel_};
  std::vector<gdbstub::Breakpoint> breakpoints_;
};

}  // namespace toro::cli
