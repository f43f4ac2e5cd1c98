// The kernel's console on a virtio console device. The debugger's stub takes the devices with several ports.
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/devices/virtio/console.hpp"
#include "kernel/devices/virtio/console_protocol.hpp"
#include "kernel/devices/virtio/driver.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::virtio {
namespace {

constinit Console device{};
constinit process::WaitQueue writers{};

class VirtioConsole final : public console::Device {
 public:
  constexpr VirtioConsole() = default;

  void write(std::span<const char> text) override {
    const bool may_block = (arch::read_flags() & arch::kInterruptFlag) != 0;
    const arch::InterruptsOff off;
    for (auto rest = std::as_bytes(text); !rest.empty();) {
      const auto taken = device.write(rest);
      if (!taken) return;  // the device broke its promises: nothing more can be said through it
      rest = rest.subspan(*taken);
      if (*taken == 0 && may_block) process::scheduler().wait(writers, "console output", process::WaitKind::device);
    }
  }

  /// A host that takes nothing more does not keep the machine from its end.
  void flush() override {
    constexpr std::uint64_t kPatience = 10'000'000'000;  // TSC ticks: some 3 s
    const arch::InterruptsOff off;
    const std::uint64_t deadline = arch::read_tsc() + kPatience;
    for (auto idle = device.tx_idle(); idle && !*idle && arch::read_tsc() < deadline;) idle = device.tx_idle();
  }

  std::size_t read(std::span<char> text) override {
    const arch::InterruptsOff off;
    return device.read(std::as_writable_bytes(text)).value_or(0);
  }
};

constinit VirtioConsole adapter{};

void on_interrupt() {
  if (!device.on_interrupt()) return;
  console::input_arrived();
  process::scheduler().wake(writers, 1);
}

std::expected<void, Error> start(Transport& transport, Interrupt interrupt) {
  if (const auto started = device.start(transport); !started) return started;
  interrupt.connect([](void*, arch::TrapFrame&) { on_interrupt(); }, nullptr);
  console::use(adapter);
  return {};
}

}  // namespace

TORO_VIRTIO_DRIVER(console_driver,
                   {
                       .name = "virtio-console",
                       .type = DeviceType::console,
                       .wants = [](Transport& t) { return !t.device_features().has(ConsoleFeature::multiport); },
                       .start = start,
                   });

}  // namespace toro::virtio
