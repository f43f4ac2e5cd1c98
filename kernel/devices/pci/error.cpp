// The words for each PCI error.
#include "kernel/devices/pci/error.hpp"

namespace toro::pci {

std::string_view describe(Error error) {
  switch (error) {
    case Error::no_capability:
      return "a capability that its driver needs is missing";
    case Error::bad_capability:
      return "a capability contradicts itself or the registers that it describes";
    case Error::no_address:
      return "the firmware gave its registers no address";
    case Error::not_mappable:
      return "its registers cannot be mapped where they are";
    case Error::no_message_signals:
      return "it has neither MSI-X nor MSI";
    case Error::no_interrupt_pin:
      return "it has no interrupt pin, or the firmware did not say where the pin's interrupts arrive";
    case Error::pin_of_other_core:
      return "another core has the interrupt pin that it shares";
    case Error::no_memory:
      return "no memory";
    case Error::driver_failed:
      return "its driver gave up";
  }
  return "unknown error";
}

}  // namespace toro::pci
