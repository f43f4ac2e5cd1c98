// Calls on something that belongs to a core.
#include "kernel/process/carried_calls.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/include/toro/detail/work.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::process {
namespace {

struct Call : toro::detail::Parcel {
  Call(void (*f)(void* context), void* c) : function(f), context(c) {}

  void (*function)(void* context);
  void* context;
  toro::detail::Gate done;
};

}  // namespace

void Exclusive::wait() const {
  scheduler().wait(waiters, what, WaitKind::thread);
}

void Exclusive::wake_one() const {
  scheduler().wake(waiters, 1);
}

void carry(toro::detail::Mailbox& mailbox, std::uint32_t core, void (*function)(void* context), void* context) {
  Call call(function, context);
  mailbox.put(core, call);
  call.done.wait();
}

void serve_call(toro::detail::Parcel& parcel) {
  auto& call = static_cast<Call&>(parcel);
  call.function(call.context);
  call.done.open();
}

}  // namespace toro::process
