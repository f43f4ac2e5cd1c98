// The machine's socket device: the thread that takes its packets, and calls of other cores.
#include "kernel/network/vsock/device.hpp"

#include <algorithm>
#include <atomic>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/random.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/include/toro/memory.hpp"
#include "kernel/process/kernel_thread.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::vsock {

constinit Device* the_device = nullptr;

namespace {

using process::scheduler;

static_assert(Streams::kMostPayload == virtio::Vsock::kMostPayload);
constexpr std::size_t kStackPages = 4;
constexpr std::uint64_t kLook = 2 * inet::kSecond;       // until the device is looked after, when nothing comes
constexpr std::uint64_t kPatience = 10 * inet::kSecond;  // with a device that does not take what is transmitted

constexpr std::uint32_t kNoCore = UINT32_MAX;  // its interrupts reach none
enum State : std::uint32_t { kNone, kBeingMade, kThere };
constinit std::atomic<std::uint32_t> state = kNone;

/// Of the core's memory a quarter is for what connections keep.
std::size_t memory_for_streams() {
  constexpr std::size_t kMost = std::size_t{64} << 20;
  return std::min(kMost, memory::statistics().share / 4);
}

std::expected<void, virtio::Error> start(virtio::Transport& transport, virtio::Interrupt interrupt) {
  if (the_device != nullptr) return {};
  auto* const device = inet::make<Device>(interrupt);
  if (device == nullptr) return std::unexpected(virtio::Error::no_memory);
  if (const auto started = device->start(transport); !started) {
    inet::dispose(device);
    return started;
  }
  the_device = device;
  return {};
}

}  // namespace

Device::Device(virtio::Interrupt interrupt) : interrupt_(interrupt), streams_(*this, memory_for_streams()) {}

/// False where its interrupts do not reach this core.
bool Device::be_brought_up() {
  Device& device = *the_device;
  device.core_ = arch::this_core();
  device.thread_ = &process::start_kernel_thread("vsock", kStackPages, [] { the_device->serve(); });
  process::start_kernel_thread("vsock calls", kStackPages, [] {
    for (;;)
      if (auto* const call = the_device->calls_.wait("calls on vsock", process::kNoDeadline))
        process::serve_call(*call);
  });
  const arch::InterruptsOff off;
  return device.interrupt_.connect(
      [](void* of, arch::TrapFrame&) {
        auto& interrupted = *static_cast<Device*>(of);
        if (interrupted.device_.on_interrupt()) scheduler().resume(*interrupted.thread_);
      },
      the_device);
}

Device* Device::find() {
  if (the_device == nullptr) return nullptr;
  std::uint32_t before = kNone;
  if (state.compare_exchange_strong(before, kBeingMade)) {
    if (!be_brought_up()) the_device->core_ = kNoCore;
    state.store(kThere, std::memory_order_release);
    toro::detail::wake(state, UINT32_MAX);
  }
  while (state.load(std::memory_order_acquire) != kThere) toro::detail::wait_while(state, kBeingMade, "vsock");
  return in_use();
}

Device* Device::in_use() {
  return state.load(std::memory_order_acquire) == kThere && the_device->core_ != kNoCore ? the_device : nullptr;
}

std::uint64_t Device::now() {
  return arch::clock::now();
}
std::uint64_t Device::random() {
  return arch::random_word();
}

void Device::call_there(void (*function)(void* context), void* context) {
  if (arch::is_this_core(core_)) return function(context);
  process::carry(calls_, core_, function, context);
}

/// After each use of the streams.
void Device::settle() {
  streams_.pump();
  device_.flush();
  // Its thread waits for room, and knows of deadlines; with the first connection it begins to look after the device.
  if (streams_.wants_room() || streams_.next_deadline() < sleeps_until_) scheduler().resume(*thread_);
}

/// Some at once, so that others get their turn.
void Device::take_packets() {
  constexpr unsigned kMostAtOnce = 64;
  if (device_.take_transport_reset()) streams_.reset();
  for (unsigned i = 0; i < kMostAtOnce && device_.room() != 0; ++i) {
    const auto packet = device_.receive();
    if (!packet) break;
    streams_.input(packet->header, packet->payload);
    streams_.pump();
  }
  if (!device_.stopped() || std::exchange(is_broken_, true)) return;
  print(console::sink(), "toro: vsock: the device is out of use: it does not answer, or broke its rules\n");
  streams_.reset();
}

/// Who serves the device may end, while the device stays. What shows it: it does not take what is transmitted. So that
/// there is something to take, connections without traffic have a reset sent, now and then, of one that there is not.
void Device::look_after(std::uint64_t now) {
  const bool begins = next_look_ == inet::kNever;
  if (streams_.connection_count() == 0 || device_.stopped()) {
    next_look_ = inet::kNever;
    return;
  }
  if (!begins && now < next_look_) return;
  next_look_ = now + kLook;
  const bool has_all = device_.has_taken_all();
  if (begins || has_all || device_.taken() != taken_) took_at_ = now;
  taken_ = device_.taken();
  if (now - took_at_ >= kPatience) return device_.stop();
  if (!has_all) return;
  transmit({.source_cid = cid(),
            .destination_cid = virtio::kVsockHostCid,
            .source_port = kAnyPort,
            .destination_port = kAnyPort,
            .operation = VsockOperation::reset},
           {});
}

void Device::serve() {
  for (;;) {
    look_after(arch::clock::now());
    take_packets();
    streams_.run_timers();
    streams_.pump();
    device_.flush();
    if (!streams_.still_delivers()) watches_.raise();
    scheduler().yield();  // packets may come faster than they are taken
    const arch::InterruptsOff off;
    if (device_.listen(streams_.wants_room() || device_.room() == 0)) continue;
    sleeps_until_ = std::min(streams_.next_deadline(), next_look_);
    scheduler().suspend("vsock", process::WaitKind::device, sleeps_until_);
    sleeps_until_ = 0;
  }
}

}  // namespace toro::vsock

namespace toro::virtio {

TORO_VIRTIO_DRIVER(vsock_driver,
                   {.name = "virtio-vsock", .type = DeviceType::socket, .wants = nullptr, .start = vsock::start});

}  // namespace toro::virtio
