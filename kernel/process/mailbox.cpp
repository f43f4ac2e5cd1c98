// Parcels from any core for the threads of one.
#include "kernel/include/toro/detail/mailbox.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/panic.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::detail {
namespace {

using process::WaitQueue;

WaitQueue& queue_of(void* (&waiters)[2]) {
  static_assert(sizeof(WaitQueue) == sizeof waiters);
  return reinterpret_cast<WaitQueue&>(waiters);
}

}  // namespace

void Mailbox::arrive(Parcel& parcel) {
  parcel.next = nullptr;
  (first_ == nullptr ? first_ : last_->next) = &parcel;
  last_ = &parcel;
  process::scheduler().wake(queue_of(waiters_), 1);
}

void Mailbox::put(std::uint32_t core, Parcel& parcel) {
  struct Delivery {
    Mailbox* mailbox;
    Parcel* parcel;
  };
  if (arch::is_this_core(core)) return arrive(parcel);
  process::send(
      core,
      [](void* payload) {
        const auto& delivery = *static_cast<Delivery*>(payload);
        delivery.mailbox->arrive(*delivery.parcel);
      },
      Delivery{this, &parcel});
}

void Mailbox::put(std::uint32_t core, Pack pack, const Carried& carried) {
  struct Delivery {
    Carried carried;
    Mailbox* mailbox;
    Pack pack;
  };
  constexpr auto arrive = [](void* payload) {
    const auto& delivery = *static_cast<Delivery*>(payload);
    Parcel* const parcel = delivery.pack(delivery.carried);
    if (parcel == nullptr) panic("memory is out: core {} has no room for a message", arch::this_core());
    delivery.mailbox->arrive(*parcel);
  };
  Delivery delivery{carried, this, pack};
  if (arch::is_this_core(core)) return arrive(&delivery);
  process::send(core, arrive, delivery);
}

Parcel* Mailbox::take() {
  Parcel* const parcel = first_;
  if (parcel != nullptr) first_ = parcel->next;
  return parcel;
}

Parcel* Mailbox::wait(const char* what, std::uint64_t deadline) {
  const arch::InterruptsOff off;
  while (first_ == nullptr)
    if (process::scheduler().wait(queue_of(waiters_), what, process::WaitKind::thread, deadline) !=
        process::WakeReason::woken)
      break;
  return take();
}

void Mailbox::collect() {
  const arch::InterruptsOff off;
  process::inbox().receive();
}

}  // namespace toro::detail
