// The console: one device at a time, the UART first and last.
#include "kernel/devices/console.hpp"

#include <atomic>
#include <optional>
#include <utility>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/devices/serial/uart_16550.hpp"
#include "kernel/include/toro/detail/work.hpp"
#include "kernel/process/carried_calls.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/process/kernel_thread.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::console {
namespace {

constinit serial::Uart16550 uart{};
constinit Device* device = &uart;
constinit std::uint32_t owner = 0;  ///< the core that the device interrupts
constinit process::WaitQueue readers{};
constinit process::WaitQueue listeners{};
constinit std::uint32_t arrivals = 0;
constinit std::optional<char> peeked{};
constinit void (*mirror)(std::span<const char> text) = nullptr;
/// Reads of other cores' threads, which a thread of the owner's makes one after the other.
constinit detail::Mailbox reads{};
constinit bool has_reader = false;

/// The mirror first: who has read the device finds there what was said.
void put(std::span<const char> text) {
  if (mirror != nullptr) mirror(text);
  device->write(text);
}

/// Calls `f()` on the owner's core.
template <class F>
void call_owner(F f) {
  if (arch::is_this_core(owner)) return f();
  struct Call {
    F& f;
    detail::Gate done{};
  } call{.f = f};
  process::send(
      owner,
      [](void* payload) {
        auto& made = **static_cast<Call**>(payload);
        made.f();
        made.done.open_from_message();
      },
      &call);
  call.done.wait();
}

/// What has arrived, or of it the one byte that is_input_there() took.
std::size_t take(std::span<char> text) {
  if (text.empty()) return 0;
  if (!peeked) return device->read(text);
  text[0] = *std::exchange(peeked, std::nullopt);
  return 1;
}

void start_reader() {
  constexpr std::size_t kStackPages = 2;
  if (std::exchange(has_reader, true)) return;
  process::start_kernel_thread("console reader", kStackPages, [] {
    for (;;)
      if (auto* const parcel = reads.wait("console reads", process::kNoDeadline)) process::serve_call(*parcel);
  });
}

std::size_t read_elsewhere(std::span<char> text) {
  struct Read {
    std::span<char> text;
    std::size_t count = 0;
  } read{.text = text};
  call_owner(start_reader);
  process::carry(
      reads, owner,
      [](void* context) {
        auto& wanted = *static_cast<Read*>(context);
        wanted.count = wait_and_read(wanted.text);
      },
      &read);
  return read.count;
}

}  // namespace

void use(Device& better) {
  device = &better;
  owner = arch::this_core();
}
void mirror_to(void (*show)(std::span<const char> text)) {
  mirror = show;
}
void write(std::span<const char> text) {
  call_owner([&] { put(text); });
}
void flush() {
  if (arch::is_this_core(owner)) device->flush();
}

void flush_elsewhere() {
  // A core that computes for ever, and so hears nothing, must not keep the machine from its end.
  constexpr std::uint64_t kPatience = 1'000'000'000;
  static constinit std::atomic<bool> is_done = false;
  if (arch::is_this_core(owner)) return;
  process::send(
      owner,
      [](void*) {
        device->flush();
        is_done = true;
      },
      0);
  const std::uint64_t deadline = arch::clock::now() + kPatience;
  while (!is_done && arch::clock::now() < deadline) process::scheduler().yield();
}

std::size_t wait_and_read(std::span<char> text) {
  if (!arch::is_this_core(owner)) return read_elsewhere(text);
  const arch::InterruptsOff off;  // from the look to the wait, so that no arrival is missed
  for (;;) {
    if (const std::size_t count = take(text); count != 0 || text.empty()) {
      input_arrived();  // what is left is another reader's
      return count;
    }
    process::scheduler().wait(readers, "console input", process::WaitKind::device);
  }
}

void input_arrived() {
  ++arrivals;
  process::scheduler().wake(readers, 1);
  process::scheduler().wake(listeners, UINT32_MAX);
}

bool is_input_there() {
  bool is_there = false;
  call_owner([&] {
    const arch::InterruptsOff off;
    char first;
    if (!peeked && device->read({&first, 1}) != 0) peeked = first;
    is_there = peeked.has_value();
  });
  return is_there;
}

void start_listener(void (*run)()) {
  constexpr std::size_t kStackPages = 4;
  call_owner([&] { process::start_kernel_thread("console input", kStackPages, run); });
}

void wait_for_arrival(std::uint32_t& seen) {
  const arch::InterruptsOff off;
  while (arrivals == seen) process::scheduler().wait(listeners, "console input", process::WaitKind::device);
  seen = arrivals;
}

Sink sink() {
  return {nullptr, [](void*, std::string_view text) { write(text); }};
}

Sink uart_sink() {
  return {nullptr, [](void*, std::string_view text) { uart.write(text); }};
}

Sink emergency_sink() {
  flush();
  device = &uart;
  owner = arch::this_core();
  return sink();
}

}  // namespace toro::console
