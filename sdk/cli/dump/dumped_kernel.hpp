// The kernel in a memory dump, as the stub's own code reads it.
#pragma once

#include <optional>
#include <vector>

#include "gdbstub/target/x86_64/kernel_view.hpp"
#include "sdk/cli/dump/core_file.hpp"

namespace toro::cli {

class DumpedKernel final : public gdbstub::x86_64::KernelView {
 public:
  /// `dump` must live as long. Throws Failure where no kernel is found in it.
  explicit DumpedKernel(const CoreFile& dump);

  [[nodiscard]] std::size_t read_memory(std::uint64_t address, std::span<std::byte> to) const override;
  [[nodiscard]] const tables::Anchor& anchor() const override { return anchor_; }
  [[nodiscard]] const arch::TrapFrame* frame_of(unsigned core) const override;

  /// Null where the dump has less processors than the kernel has cores.
  [[nodiscard]] const DumpedProcessor* processor(unsigned core) const;
  /// The core that panicked; nothing where none did.
  [[nodiscard]] std::optional<unsigned> panicking() const;
  /// Whether a core's registers are those of an exception or NMI that the panic found it at.
  [[nodiscard]] bool has_panic_frame(unsigned core) const { return core < frames_.size() && frames_[core].of_panic; }

 private:
  struct Frame {
    arch::TrapFrame registers;
    bool of_panic;
  };

  void find_anchor();
  [[nodiscard]] Frame find_frame(unsigned core, const DumpedProcessor& processor) const;

  const CoreFile& dump_;
  tables::Anchor anchor_{};
  std::vector<Frame> frames_;
};

}  // namespace toro::cli
