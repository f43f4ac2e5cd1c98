// The interrupt line of the debug port while a core that serves the debugger sleeps: an NMI to that core.
#pragma once

#include <cstdint>
#include <optional>

namespace toro::gdbstub {

class WakeLine {
 public:
  /// Finds the pin of the first I/O APIC that raises `vector`. None does where the device interrupts by messages, or
  /// behind another I/O APIC.
  void find(std::uint8_t vector);
  [[nodiscard]] bool found() const { return pin_.has_value(); }

  /// From now on an edge of the line is an NMI to the calling core. What came before is for the caller to look after.
  void point_here();
  /// As it was; a line that is high interrupts.
  void point_back();

 private:
  std::optional<unsigned> pin_;
  std::uint64_t entry_ = 0;  ///< as it was
};

}  // namespace toro::gdbstub
