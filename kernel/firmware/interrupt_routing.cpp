// Reads I/O APICs and interrupt overrides from the MADT.
#include "kernel/firmware/interrupt_routing.hpp"

namespace toro::firmware {
namespace {

constexpr InterruptLine kIsa{Polarity::high, Trigger::edge};
constexpr InterruptLine kPci{Polarity::low, Trigger::level};

/// What `line` leaves to the bus, or says by a value that means nothing, is as `bus` has it.
InterruptLine resolve(InterruptLine line, InterruptLine bus) {
  if (line.polarity != Polarity::high && line.polarity != Polarity::low) line.polarity = bus.polarity;
  if (line.trigger != Trigger::edge && line.trigger != Trigger::level) line.trigger = bus.trigger;
  return line;
}

}  // namespace

std::expected<InterruptRouting, Error> InterruptRouting::read(Bytes table) {
  struct Visitor {
    InterruptRouting& found;

    void operator()(const madt::IoApic& entry) {
      if (found.count_ < kMostIoApics) found.io_apics_[found.count_++] = entry;
    }
    void operator()(const madt::InterruptOverride& entry) {
      if (entry.irq < kIsaInterrupts) found.overrides_[entry.irq] = {entry.interrupt, entry.line};
    }
  };
  InterruptRouting routing;
  if (const auto read = madt::visit_entries(table, Visitor{routing}); !read) return std::unexpected{read.error()};
  return routing;
}

GlobalInterrupt InterruptRouting::of_isa(std::uint8_t irq) const {
  if (irq >= kIsaInterrupts || !overrides_[irq]) return {irq, kIsa};
  return {overrides_[irq]->number, resolve(overrides_[irq]->line, kIsa)};
}

GlobalInterrupt InterruptRouting::of_pci(std::uint8_t line) const {
  if (line >= kIsaInterrupts || !overrides_[line]) return {line, kPci};
  return {overrides_[line]->number, resolve(overrides_[line]->line, kPci)};
}

}  // namespace toro::firmware
