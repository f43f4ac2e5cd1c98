// A wish from outside that the machine end: from an NMI's handler to a thread of core 0.
#include "kernel/process/shutdown_request.hpp"

#include <atomic>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/arch/x86_64/lapic.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/arch/x86_64/trap.hpp"
#include "kernel/boot/stages.hpp"
#include "kernel/include/toro/shutdown.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro {
namespace process {
namespace {

constinit std::atomic<bool> accepted = false;

// Of core 0.
constinit bool requested = false;
constinit WaitQueue waiting{};

void take_request(void*, arch::TrapFrame&) {
  requested = true;
  scheduler().wake(waiting, 1);
}

}  // namespace

bool request_shutdown() {
  if (!accepted.load(std::memory_order_acquire)) return false;
  // Threads and queues may be in the middle of a change here: an interrupt waits until they are not.
  arch::lapic::send_from_nmi(arch::toro_core_entries[0].apic_id, arch::lapic::kEndRequestVector);
  return true;
}

}  // namespace process

namespace detail {

void accept_shutdown_requests() {
  process::accepted.store(true, std::memory_order_release);
}

void await_shutdown_request() {
  const arch::InterruptsOff off;
  while (!process::requested)
    process::scheduler().wait(process::waiting, "a request to end", process::WaitKind::device);
}

}  // namespace detail

namespace boot {

TORO_BOOT_STAGE(
    shutdown_request_stage, "shutdown request",
    [] {
      arch::toro_core_entries[0].apic_id = arch::lapic::id();
      arch::on_end_request(process::take_request);
      arch::nmi_hook = process::request_shutdown;
    },
    &interrupts_stage);

}  // namespace boot
}  // namespace toro
