// The PS/2 keyboard behind the 8042 controller. [IBM PS/2 Technical Reference, Keyboard and Auxiliary Device
// Controller]
#include <optional>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/boot/stages.hpp"
#include "kernel/devices/interrupt_pins.hpp"
#include "kernel/devices/keyboard/layout.hpp"
#include "kernel/devices/keyboard/scan_codes.hpp"
#include "kernel/include/toro/keyboard.hpp"
#include "kernel/lib/ring.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::keyboard {
namespace {

constexpr std::uint16_t kData = 0x60, kStatus = 0x64, kCommand = 0x64;
constexpr std::uint8_t kInterrupt = 1;

// Of the status.
constexpr std::uint8_t kOutputFull = 1 << 0, kInputFull = 1 << 1, kFromMouse = 1 << 5, kNotThere = 0xff;
// Of the controller's command byte.
constexpr std::uint8_t kKeyboardInterrupt = 1 << 0, kMouseInterrupt = 1 << 1, kKeyboardOff = 1 << 4,
                       kTranslate = 1 << 6;

enum class Command : std::uint8_t {
  read_byte = 0x20,
  write_byte = 0x60,
  disable_mouse = 0xa7,
  disable_keyboard = 0xad,
  enable_keyboard = 0xae
};

constexpr std::uint8_t kEnableScanning = 0xf4;  // to the keyboard itself

constexpr int kTries = 10'000;  // of reading the status: some 10 ms

constinit bool present = false;
constinit ScanCodeDecoder decoder{ScanCodeSet::one};
constinit KeyboardState state{};
constinit Ring<Event, 64> events{};
constinit process::WaitQueue waiting{};

/// Waits until all of `set` and none of `clear` is in the status.
bool await(std::uint8_t set, std::uint8_t clear) {
  for (int i = 0; i < kTries; ++i)
    if (const std::uint8_t status = arch::in8(kStatus); (status & set) == set && (status & clear) == 0) return true;
  return false;
}

bool write(std::uint16_t port, std::uint8_t value) {
  if (!await(0, kInputFull)) return false;
  arch::out8(port, value);
  return true;
}
bool command(Command which) {
  return write(kCommand, static_cast<std::uint8_t>(which));
}
std::optional<std::uint8_t> read_byte() {
  if (!command(Command::read_byte) || !await(kOutputFull, 0)) return std::nullopt;
  return arch::in8(kData);
}

/// What was typed before, or sent by a mouse.
void drop_output() {
  for (int i = 0; i < kTries && (arch::in8(kStatus) & kOutputFull) != 0; ++i) static_cast<void>(arch::in8(kData));
}

/// The scan codes that come from then on; nothing where there is no controller, or it does not answer.
std::optional<ScanCodeSet> start_controller() {
  if (arch::in8(kStatus) == kNotThere) return std::nullopt;
  if (!command(Command::disable_keyboard) || !command(Command::disable_mouse)) return std::nullopt;
  drop_output();
  const auto before = read_byte();
  if (!before) return std::nullopt;
  const auto wanted =
      static_cast<std::uint8_t>((*before | kKeyboardInterrupt | kTranslate) & ~(kMouseInterrupt | kKeyboardOff));
  if (!command(Command::write_byte) || !write(kData, wanted)) return std::nullopt;
  const auto now = read_byte();
  if (!now || !command(Command::enable_keyboard) || !write(kData, kEnableScanning)) return std::nullopt;
  return (*now & kTranslate) != 0 ? ScanCodeSet::one : ScanCodeSet::two;
}

/// Takes what the keyboard has sent; whether there was anything.
bool take_bytes() {
  constexpr int kMostBytes = 64;  // a controller that always has one is broken
  int bytes = 0;
  for (; bytes < kMostBytes; ++bytes) {
    const std::uint8_t status = arch::in8(kStatus);
    if ((status & kOutputFull) == 0 || status == kNotThere) break;
    const std::uint8_t byte = arch::in8(kData);
    if ((status & kFromMouse) != 0) continue;
    if (const auto change = decoder.take(byte))
      if (events.push(state.apply(*change))) process::scheduler().wake(waiting, 1);
  }
  return bytes != 0;
}

bool on_pin(void*, arch::TrapFrame&) {
  return take_bytes();
}

void start() {
  const auto set = start_controller();
  if (!set) return;
  decoder = ScanCodeDecoder(*set);
  if (!devices::connect_pin(devices::PinBus::isa, kInterrupt, on_pin, nullptr)) return;
  present = true;
  const arch::InterruptsOff off;
  static_cast<void>(take_bytes());  // an edge that nobody was listening for does not come again
}

}  // namespace

bool is_present() {
  return present;
}

std::optional<Event> wait_until(std::uint64_t deadline) {
  const arch::InterruptsOff off;  // from the look to the wait, so that no event is missed
  for (;;) {
    if (const auto event = events.pop()) return event;
    const auto reason = process::scheduler().wait(waiting, "a key", process::WaitKind::device, deadline);
    if (reason == process::WakeReason::timed_out) return std::nullopt;
  }
}

}  // namespace toro::keyboard

namespace toro::boot {

/// Not a driver of a board: it is in the images that use it, whatever the board.
TORO_BOOT_STAGE(keyboard_stage, "keyboard", keyboard::start, &devices_stage);

}  // namespace toro::boot
