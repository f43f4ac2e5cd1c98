// The console: one device at a time, the UART first and last.
#include "kernel/devices/console.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/devices/serial/uart_16550.hpp"
#include "kernel/include/toro/detail/work.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::console {
namespace {

constinit serial::Uart16550 uart{};
constinit Device* device = &uart;
constinit std::uint32_t owner = 0;  ///< the core that the device interrupts
constinit process::WaitQueue readers{};
constinit void (*mirror)(std::span<const char> text) = nullptr;

void put(std::span<const char> text) {
  device->write(text);
  if (mirror != nullptr) mirror(text);
}

/// What another core writes, on the owner's.
struct Carried {
  std::span<const char> text;
  detail::Gate written{};

  static void arrive(void* payload) {
    Carried& carried = **static_cast<Carried**>(payload);
    put(carried.text);
    carried.written.open();
  }
};

}  // namespace

void use(Device& better) {
  device = &better;
  owner = arch::this_core();
}
void mirror_to(void (*show)(std::span<const char> text)) {
  mirror = show;
}
void write(std::span<const char> text) {
  if (arch::is_this_core(owner)) return put(text);
  Carried carried{.text = text};
  process::send(owner, Carried::arrive, &carried);
  carried.written.wait();
}
std::size_t read(std::span<char> text) {
  return device->read(text);
}
void flush() {
  device->flush();
}

std::size_t wait_and_read(std::span<char> text) {
  const arch::InterruptsOff off;  // from the look to the wait, so that no arrival is missed
  for (;;) {
    if (const std::size_t count = read(text); count != 0 || text.empty()) {
      input_arrived();  // what is left is another reader's
      return count;
    }
    process::scheduler().wait(readers, "console input", process::WaitKind::device);
  }
}

void input_arrived() {
  process::scheduler().wake(readers, 1);
}

Sink sink() {
  return {nullptr, [](void*, std::string_view text) { write(text); }};
}

Sink uart_sink() {
  return {nullptr, [](void*, std::string_view text) { uart.write(text); }};
}

Sink emergency_sink() {
  if (arch::is_this_core(owner)) flush();
  device = &uart;
  owner = arch::this_core();
  return sink();
}

}  // namespace toro::console
