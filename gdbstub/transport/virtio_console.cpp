// The debug port: a virtio console device of the stub's own, whose port "org.toro.gdb.0" is the line to the debugger.
#include <algorithm>
#include <array>
#include <utility>

#include "gdbstub/protocol/dialog.hpp"
#include "gdbstub/target/x86_64/stub.hpp"
#include "gdbstub/transport/transport.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/arch/x86_64/lapic.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/devices/virtio/driver.hpp"
#include "kernel/devices/virtio/multiport_console.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/posix/start.hpp"
#include "kernel/shutdown.hpp"

// Of the linker script: what runs before the stub has taken its breakpoints out of memory.
extern "C" const unsigned char toro_protected_text_start[], toro_protected_text_end[];

extern "C" void toro_gdbstub_wait_in_main();  // wait_in_main.S

namespace toro::gdbstub {
namespace {

constexpr std::uint8_t kKilledStatus = 137;  // as a shell gives a program that was killed

constinit virtio::MultiportConsole device{};
// The longest reply to GDB, which takes no longer packets, goes out in one piece. [GDB remote.c,
// MAX_REMOTE_PACKET_SIZE]
[[gnu::section(".bss.toro_unzeroed")]] constinit virtio::PortBufferMemory<8, 2048, 2, kPacketSize + 64> buffers{};
constinit const virtio::PortBuffers port_buffers = buffers.view();

/// The port appears, opens and closes as the device says; until it is there nobody is connected. Of two debuggers in a
/// row the second is seen as connected only after the first was seen to go.
class VirtioLine final : public Transport {
 public:
  constexpr VirtioLine() = default;

  std::size_t receive(std::span<char> into) override {
    virtio::ConsolePort* port = poll();
    if (tell_departure() || port == nullptr) return 0;
    if (early_count_ == 0) {
      early_count_ = port->read(std::as_writable_bytes(std::span(early_))).value_or(0);
      early_used_ = 0;
      // What was read may be the next debugger's already, if its coming was not seen yet when the port was looked at:
      // that is told first.
      if (early_count_ != 0) static_cast<void>(poll());
      if (tell_departure()) return 0;
    }
    const std::size_t count = std::min(into.size(), early_count_);
    std::copy_n(early_.data() + early_used_, count, into.data());
    early_used_ += count;
    early_count_ -= count;
    return count;
  }

  void send(std::span<const char> bytes) override {
    for (auto rest = std::as_bytes(bytes); !rest.empty();) {
      virtio::ConsolePort* port = poll();
      if (port == nullptr) return;
      const auto taken = port->write(rest);
      if (!taken) return;
      rest = rest.subspan(*taken);
    }
  }

  void flush() override {
    constexpr std::uint64_t kPatience = 3'000'000'000;  // TSC ticks: some second
    const std::uint64_t begin = arch::read_tsc();
    while (virtio::ConsolePort* port = poll()) {
      const auto idle = port->tx_idle();
      if (!idle || *idle || arch::read_tsc() - begin > kPatience) return;
      asm volatile("pause");
    }
  }

  // The cause is acknowledged behind the change of route: what comes after that is an edge.
  bool begin_sleep() override {
    if (!woken_by_nmi_) woken_by_nmi_ = interrupt_.redirect(arch::Delivery::nmi, arch::lapic::id());
    if (woken_by_nmi_) static_cast<void>(transport_->take_interrupt());
    return woken_by_nmi_;
  }
  // What came as an NMI left the line high: it has to fall, or no edge comes any more.
  void end_sleep() override {
    if (!std::exchange(woken_by_nmi_, false)) return;
    static_cast<void>(interrupt_.redirect(arch::Delivery::vector, home_));
    static_cast<void>(transport_->take_interrupt());
  }

  bool connected() const override { return connected_; }
  bool was_used() const override { return session_ != 0; }

  /// Acknowledges the device's interrupt; false where it was another's.
  bool take_interrupt() {
    const virtio::InterruptCause cause = transport_->take_interrupt();
    return cause.queue || cause.configuration;
  }

  /// What the device lies on, and its way to interrupt the calling core; before the first use.
  void lie_on(virtio::Transport& transport, virtio::Interrupt interrupt) {
    transport_ = &transport;
    interrupt_ = interrupt;
    home_ = arch::lapic::id();
  }

 private:
  /// The port while this debugger is connected, else null.
  virtio::ConsolePort* poll() {
    virtio::ConsolePort* port = device.poll() ? device.opened() : nullptr;
    const bool open = port != nullptr && port->host_open();
    gone_ = gone_ || (connected_ && (!open || port->host_sessions() != session_));
    connected_ = open && !gone_;
    if (port != nullptr) session_ = port->host_sessions();
    return connected_ ? port : nullptr;
  }

  /// Once for each debugger that went, also where the next one is there: until the next poll() nobody is connected.
  bool tell_departure() { return std::exchange(gone_, false); }

  virtio::Transport* transport_ = nullptr;
  virtio::Interrupt interrupt_;
  std::uint32_t home_ = 0;  ///< APIC id of the core that the device interrupts
  std::array<char, 512> early_ = {};
  std::size_t early_used_ = 0;
  std::size_t early_count_ = 0;  ///< bytes that were read and not handed over
  std::uint32_t session_ = 0;
  bool woken_by_nmi_ = false;
  bool connected_ = false;
  bool gone_ = false;  ///< one that was connected is not, and receive() has not told
};

constinit VirtioLine line{};

std::expected<void, virtio::Error> start(virtio::Transport& transport, virtio::Interrupt interrupt) {
  if (const auto started = device.start(transport, {&port_buffers, 1}, {.open_port = "org.toro.gdb.0"}); !started)
    return started;
  line.lie_on(transport, interrupt);
  static const x86_64::TextRange protected_text{reinterpret_cast<std::uint64_t>(toro_protected_text_start),
                                                reinterpret_cast<std::uint64_t>(toro_protected_text_end)};
  install({
      .transport = line,
      .power_off = [] { shut_down(kKilledStatus); },
      .restart = restart,
      .protected_text = {&protected_text, 1},
  });
  before_shutdown = report_exit;
  if (boot::command_line().option("wait")) posix::first_of_main = toro_gdbstub_wait_in_main;
  constexpr arch::InterruptHandler handler = [](void*, arch::TrapFrame& frame) {
    // Nothing of the rings here: an NMI may enter the stub at any instruction outside of it.
    if (line.take_interrupt()) on_transport_interrupt(frame);
  };
  interrupt.connect(handler, nullptr);
  // The device has spoken since it was started, and an edge that nobody was listening for does not come again.
  static_cast<void>(device.on_interrupt());
  return {};
}

}  // namespace
}  // namespace toro::gdbstub

namespace toro::virtio {

TORO_VIRTIO_DRIVER(debug_port_driver,
                   {
                       .name = "debug port",
                       .type = DeviceType::console,
                       .wants = [](Transport& t) { return t.device_features().has(ConsoleFeature::multiport); },
                       .start = gdbstub::start,
                   });

}  // namespace toro::virtio

/// What an image with the stub refers to, so that this file is linked.
extern "C" [[gnu::used]] const void* const toro_gdbstub = &toro::virtio::debug_port_driver;
