// What other cores have asked of this one.
#include "kernel/process/inbox.hpp"

#include <bit>
#include <new>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/context.hpp"
#include "kernel/arch/x86_64/lapic.hpp"
#include "kernel/include/toro/heap.hpp"
#include "kernel/panic.hpp"
#include "kernel/process/floating_point.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::process {

TORO_PER_CORE(Inbox, inboxes);

namespace {

/// The firmware's tables may name a core that is not there, and who waits for its answer would wait for ever.
void wait_for_start(unsigned core) {
  if (arch::has_started(core)) return;
  // A core of a busy host takes some milliseconds. From now on: by kvmclock the firmware's time counts as well.
  const std::uint64_t limit = arch::clock::now() + 5'000'000'000;
  while (!arch::has_started(core)) {
    if (arch::clock::now() > limit)
      panic("core {} (APIC id {}) has not started", core, arch::toro_core_entries[core].apic_id);
    scheduler().yield();
  }
}

}  // namespace

bool Inbox::pending_on(unsigned core) {
  return inboxes.on(core).pending();
}

/// What unpacks a message may be the application's.
void Inbox::receive() {
  if (Scheduler::current().keeps_floating_point) [[unlikely]]
    return keep_floating_point([&] { receive_all(); });
  receive_all();
}

void Inbox::receive_all() {
  for (unsigned i = 0; i < arch::toro_core_count; i += kCountersPerWord)
    for (std::uint64_t differs; (differs = word(written_, i) ^ word(taken_, i)) != 0;)
      receive_from(i + static_cast<unsigned>(std::countr_zero(differs)) / 8);
}

void Inbox::receive_from(unsigned sender) {
  MessageRing& ring = *rings_[sender].load(std::memory_order_acquire);
  const std::uint8_t written = written_[sender].load(std::memory_order_acquire);
  for (std::uint8_t count = taken_[sender].load(std::memory_order_relaxed); count != written;) {
    Message message = ring.read(count);
    taken_[sender].store(++count, std::memory_order_relaxed);
    message.run(message.payload);
  }
}

bool Inbox::begin_halt() {
  if (arch::toro_core_count == 1) return true;
  halted_.store(true, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with send(): one of the two sees the other
  if (!pending()) return true;
  end_halt();
  return false;
}

MessageRing& Inbox::make_ring(unsigned core) {
  Inbox& to = inboxes.on(core);
  wait_for_start(core);
  std::atomic<MessageRing*>& ring = to.rings_[arch::this_core()];
  if (ring.load(std::memory_order_relaxed) == nullptr) {  // another thread may have made it meanwhile
    void* memory = heap::allocate(sizeof(MessageRing), alignof(MessageRing));
    if (memory == nullptr) panic("memory is out: no room for messages to core {}", core);
    ring.store(new (memory) MessageRing, std::memory_order_release);
  }
  return *ring;
}

bool has_room(unsigned core) {
  Inbox& to = inboxes.on(core);
  const unsigned from = arch::this_core();
  MessageRing* const ring = to.rings_[from].load(std::memory_order_relaxed);
  return ring == nullptr || ring->next(to.written_[from]) != nullptr;
}

Outgoing::Outgoing(unsigned core) : to_(inboxes.on(core)), core_(core), from_(arch::this_core()) {
  MessageRing* ring = to_.rings_[from_].load(std::memory_order_relaxed);
  if (ring == nullptr) [[unlikely]]
    ring = &Inbox::make_ring(core);
  while ((message_ = ring->next(to_.written_[from_])) == nullptr) [[unlikely]]
    scheduler().yield();
}

void Outgoing::send() {
  MessageRing::count(to_.written_[from_]);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with begin_halt()
  if (to_.halted_.load(std::memory_order_relaxed))
    arch::lapic::send(arch::toro_core_entries[core_].apic_id, arch::lapic::kWakeVector);
}

}  // namespace toro::process
