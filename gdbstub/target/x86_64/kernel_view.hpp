// The kernel's records as memory that may be damaged: of the machine that runs the stub, or of a dump.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "gdbstub/protocol/types.hpp"
#include "kernel/arch/x86_64/trap.hpp"
#include "kernel/tables/anchor.hpp"

namespace toro::gdbstub::x86_64 {

class KernelView {
 public:
  /// How many bytes were read before the first that is not there.
  [[nodiscard]] virtual std::size_t read_memory(std::uint64_t address, std::span<std::byte> to) const = 0;
  [[nodiscard]] virtual const tables::Anchor& anchor() const = 0;
  /// A core's registers; null where it does not stand.
  [[nodiscard]] virtual const arch::TrapFrame* frame_of(unsigned core) const = 0;

  template <typename Object>
  [[nodiscard]] bool read(std::uint64_t address, Object& object) const {
    return read_memory(address, std::as_writable_bytes(std::span(&object, 1))) == sizeof object;
  }

  [[nodiscard]] unsigned core_count() const;
  /// Where a core's copy of a per-core variable lies; nothing for one that has none yet.
  [[nodiscard]] std::optional<std::uint64_t> core_copy(unsigned core, std::uint64_t variable) const;
  /// The threads of a core; nothing where it has not come so far in its start that it has any.
  [[nodiscard]] std::optional<arch::ContextRegistry> contexts(unsigned core) const;

 protected:
  constexpr KernelView() = default;
  ~KernelView() = default;
};

[[nodiscard]] inline ImagePlace image_place(const KernelView& kernel) {
  return {.linked = kernel.anchor().image_linked,
          .loaded = reinterpret_cast<std::uint64_t>(kernel.anchor().image_loaded)};
}
[[nodiscard]] inline TableRange table_range(const KernelView& kernel) {
  return {.begin = reinterpret_cast<std::uint64_t>(kernel.anchor().tables_begin),
          .end = reinterpret_cast<std::uint64_t>(kernel.anchor().tables_end)};
}

}  // namespace toro::gdbstub::x86_64
