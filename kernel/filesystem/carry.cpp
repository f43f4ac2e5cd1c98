// Calls on a mount: one at a time, on its core, carried there and back from others.
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/filesystem/kernel.hpp"
#include "kernel/include/toro/detail/mailbox.hpp"
#include "kernel/include/toro/detail/work.hpp"
#include "kernel/process/kernel_thread.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::filesystem {
namespace {

constexpr std::size_t kStackPages = 8;

struct Call : toro::detail::Parcel {
  Mount& mount;
  void (*function)(void* context);
  void* context;
  toro::detail::Gate done;

  Call(Mount& m, void (*f)(void* context), void* c) : mount(m), function(f), context(c) {}
};

struct Server {
  toro::detail::Mailbox mailbox;
  bool started;
  void (*first)();  ///< what the thread does before it serves; may be null
};
TORO_PER_CORE(Server, servers);

void call_here(Mount& mount, void (*function)(void* context), void* context) {
  static_assert(sizeof(process::WaitQueue) == sizeof mount.waiters);
  auto& queue = reinterpret_cast<process::WaitQueue&>(mount.waiters);
  {
    const arch::InterruptsOff off;
    while (mount.busy) process::scheduler().wait(queue, "a filesystem", process::WaitKind::thread);
    mount.busy = true;
  }
  function(context);
  const arch::InterruptsOff off;
  mount.busy = false;
  process::scheduler().wake(queue, 1);
}

[[noreturn]] void serve() {
  if (servers->first != nullptr) servers->first();
  for (;;)
    if (auto* const parcel = servers->mailbox.wait("calls on files", process::kNoDeadline)) {
      auto& call = static_cast<Call&>(*parcel);
      call_here(call.mount, call.function, call.context);
      call.done.open();
    }
}

}  // namespace

void serve_other_cores(void (*first)()) {
  const arch::InterruptsOff off;
  if (servers->started) return;
  servers->started = true;
  servers->first = first;
  process::start_kernel_thread("files", kStackPages, serve);
}

void call_on_mount(Mount& mount, void (*function)(void* context), void* context) {
  if (arch::is_this_core(mount.core)) return call_here(mount, function, context);
  Call call(mount, function, context);
  servers.on(mount.core).mailbox.put(mount.core, call);
  call.done.wait();
}

}  // namespace toro::filesystem
