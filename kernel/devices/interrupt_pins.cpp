// Interrupt pins: who listens to which, and the controller that has it.
#include "kernel/devices/interrupt_pins.hpp"

#include <new>
#include <optional>

#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/arch/x86_64/pic.hpp"
#include "kernel/arch/x86_64/spin_lock.hpp"
#include "kernel/boot/firmware_tables.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/devices/registers.hpp"
#include "kernel/memory/memory.hpp"

namespace toro::devices {
namespace {

using firmware::GlobalInterrupt;
using firmware::Trigger;

/// So often an interrupt may come in a row with nobody claiming it.
constexpr unsigned kPatience = 1000;

struct Listener {
  PinHandler handler;
  void* argument;
  Listener* next;
};

/// Where a pin is: of an I/O APIC, or with `io_apic` absent of the 8259s.
struct Place {
  std::optional<arch::IoApic> io_apic;
  unsigned number = 0;
};

/// A pin that somebody listens to; lives for ever. Its core alone changes it.
struct Pin {
  GlobalInterrupt interrupt;
  Place place;
  std::uint32_t core = 0;
  Listener* first = nullptr;
  unsigned unclaimed = 0;
  Pin* next = nullptr;
};

constinit arch::SpinLock lock{};  // for the list of pins, and the controllers' registers
constinit Pin* pins = nullptr;
constinit bool pic_started = false;

const firmware::InterruptRouting& routing() {
  return boot::firmware_tables().interrupts;
}

bool has_io_apics() {
  return !routing().io_apics().empty();
}

std::optional<Place> find_place(std::uint32_t interrupt) {
  for (const firmware::madt::IoApic& entry : routing().io_apics()) {
    if (interrupt < entry.first_interrupt || !map_registers(entry.address, arch::IoApic::kLength)) continue;
    const arch::IoApic io_apic(entry.address);
    const std::uint32_t number = interrupt - entry.first_interrupt;
    if (number < io_apic.pins()) return Place{io_apic, number};
  }
  if (has_io_apics() || interrupt == 0 || interrupt == arch::pic::kCascade || interrupt >= arch::pic::kInterrupts)
    return std::nullopt;
  return Place{std::nullopt, interrupt};
}

Pin* find_pin(std::uint32_t interrupt) {
  Pin* pin = pins;
  while (pin != nullptr && pin->interrupt.number != interrupt) pin = pin->next;
  return pin;
}

void turn_off(const Pin& pin) {
  {
    const arch::SpinLockGuard guard(lock);
    if (pin.place.io_apic)
      pin.place.io_apic->mask(pin.place.number);
    else
      arch::pic::mask(static_cast<std::uint8_t>(pin.place.number));
  }
  // Not through the console: it may be another core's, and the thread that was interrupted in the midst of its text.
  print(console::uart_sink(), "toro: interrupt {} came {} times and no driver knew of it: it is off\n",
        pin.interrupt.number, pin.unclaimed);
}

void on_pin(void* argument, arch::TrapFrame& frame) {
  Pin& pin = *static_cast<Pin*>(argument);
  bool claimed = false;
  for (const Listener* listener = pin.first; listener != nullptr; listener = listener->next)
    claimed = listener->handler(listener->argument, frame) || claimed;
  pin.unclaimed = claimed ? 0 : pin.unclaimed + 1;
  if (pin.unclaimed == kPatience) turn_off(pin);
}

void on_pic(void* argument, arch::TrapFrame& frame) {
  namespace pic = arch::pic;
  constexpr std::uint8_t kLastOfFirst = 7, kLastOfSecond = 15;
  const auto irq = static_cast<std::uint8_t>(reinterpret_cast<std::uintptr_t>(argument));
  if ((irq == kLastOfFirst || irq == kLastOfSecond) && !pic::in_service(irq)) {
    if (irq == kLastOfSecond) pic::end_cascade();
    return;
  }
  if (Pin* pin = find_pin(irq)) on_pin(pin, frame);
  pic::end_of_interrupt(irq);
}

/// False where a vector is taken that a pin is wired to.
bool start_pic() {
  for (std::uint8_t irq = 1; irq < arch::pic::kInterrupts; ++irq)
    if (!arch::connect_fixed_vector(arch::pic::kFirstVector + irq, on_pic,
                                    reinterpret_cast<void*>(std::uintptr_t{irq})))
      return false;
  arch::pic::start();
  return true;
}

void enable(Pin& pin) {
  if (!pin.place.io_apic)
    return arch::pic::unmask(static_cast<std::uint8_t>(pin.place.number), pin.interrupt.line.trigger);
  pin.place.io_apic->route(pin.place.number, arch::connect_vector(on_pin, &pin), pin.interrupt.line);
}

template <class T>
T* allocate(const T& value) {
  void* memory = memory::heap().allocate(sizeof(T));
  return memory == nullptr ? nullptr : new (memory) T(value);
}

}  // namespace

std::expected<void, PinError> connect_pin(PinBus bus, std::uint8_t number, PinHandler handler, void* argument) {
  const GlobalInterrupt interrupt = bus == PinBus::isa ? routing().of_isa(number) : routing().of_pci(number);
  const auto place = find_place(interrupt.number);
  if (!place) return std::unexpected{PinError::no_pin};
  auto* listener = allocate(Listener{handler, argument, nullptr});
  if (listener == nullptr) return std::unexpected{PinError::no_memory};
  const auto refuse = [&](PinError error) {
    memory::heap().free(listener);
    return std::unexpected{error};
  };

  const arch::SpinLockGuard guard(lock);
  const std::uint32_t core = arch::this_core();
  if (Pin* pin = find_pin(interrupt.number)) {
    if (pin->core != core) return refuse(PinError::other_core);
    if (pin->interrupt.line.trigger != Trigger::level) return refuse(PinError::taken);
    listener->next = pin->first;
    pin->first = listener;
    return {};
  }
  if (!place->io_apic) {
    if (core != 0) return refuse(PinError::other_core);
    if (!pic_started && !start_pic()) return refuse(PinError::taken);
    pic_started = true;
  }
  Pin* pin = allocate(Pin{.interrupt = interrupt, .place = *place, .core = core, .first = listener, .next = pins});
  if (pin == nullptr) return refuse(PinError::no_memory);
  pins = pin;
  enable(*pin);
  return {};
}

}  // namespace toro::devices
