// Calls on something that belongs to a core and is used by one caller at a time.
#include "kernel/process/carried_calls.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/include/toro/detail/work.hpp"
#include "kernel/process/kernel_thread.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::process {
namespace {

constexpr std::size_t kStackPages = 8;

struct Call : toro::detail::Parcel {
  const Exclusive& on;
  void (*function)(void* context);
  void* context;
  toro::detail::Gate done;

  Call(const Exclusive& o, void (*f)(void* context), void* c) : on(o), function(f), context(c) {}
};

void call_here(const Exclusive& on, void (*function)(void* context), void* context) {
  {
    const arch::InterruptsOff off;
    while (on.busy) scheduler().wait(on.waiters, on.what, WaitKind::thread);
    on.busy = true;
  }
  function(context);
  const arch::InterruptsOff off;
  on.busy = false;
  scheduler().wake(on.waiters, 1);
}

}  // namespace

void start_call_server(CallServer& server, std::string_view name, void (*run)()) {
  const arch::InterruptsOff off;
  if (server.started) return;
  server.started = true;
  start_kernel_thread(name, kStackPages, run);
}

void serve_calls(CallServer& server, const char* what) {
  for (;;)
    if (auto* const parcel = server.mailbox.wait(what, kNoDeadline)) {
      auto& call = static_cast<Call&>(*parcel);
      call_here(call.on, call.function, call.context);
      call.done.open();
    }
}

void call_alone(arch::PerCore<CallServer>& servers, const Exclusive& on, void (*function)(void* context),
                void* context) {
  if (arch::is_this_core(on.core)) return call_here(on, function, context);
  Call call(on, function, context);
  servers.on(on.core).mailbox.put(on.core, call);
  call.done.wait();
}

}  // namespace toro::process
