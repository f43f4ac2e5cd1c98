// Calls on a mount: one at a time, on its core, carried there and back from others.
#include "kernel/arch/x86_64/clock.hpp"
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

/// How long a change may be in memory only.
constexpr std::uint64_t kMostUnwritten = 5'000'000'000;  // ns

struct Server {
  toro::detail::Mailbox mailbox;
  bool started;
  void (*first)();               ///< what the thread does before it serves; may be null
  std::uint64_t write_time;      ///< when changes are to be written, ns since boot; 0: there are none
  toro::detail::Parcel changes;  ///< only says that write_time has changed
  bool told;                     ///< it is in the mailbox
};
TORO_PER_CORE(Server, servers);

process::WaitQueue& queue_of(Mount& mount) {
  static_assert(sizeof(process::WaitQueue) == sizeof mount.waiters);
  return reinterpret_cast<process::WaitQueue&>(mount.waiters);
}

void end_call(Mount& mount) {
  const arch::InterruptsOff off;
  mount.busy = false;
  process::scheduler().wake(queue_of(mount), 1);
}

/// The server learns that it has to write some time.
void tell_changes(Mount& mount) {
  if (servers->write_time != 0 || !servers->started || mount.filesystem == nullptr || !mount.filesystem->has_changes())
    return;
  servers->write_time = arch::clock::now() + kMostUnwritten;
  if (!std::exchange(servers->told, true)) servers->mailbox.put(mount.core, servers->changes);
}

void call_here(Mount& mount, void (*function)(void* context), void* context) {
  {
    const arch::InterruptsOff off;
    while (mount.busy) process::scheduler().wait(queue_of(mount), "a filesystem", process::WaitKind::thread);
    mount.busy = true;
  }
  function(context);
  tell_changes(mount);
  end_call(mount);
}

/// A mount of this core with changes, whose turn it is then.
Mount* take_changed() {
  return names_at_boot().find_mount([](Mount& mount) {
    if (!arch::is_this_core(mount.core) || mount.busy || !mount.filesystem->has_changes()) return false;
    mount.busy = true;
    return true;
  });
}

void write_changes() {
  servers->write_time = 0;
  while (Mount* const mount = take_changed()) {
    const bool written = mount->filesystem->sync().has_value();  // an error is reported
    end_call(*mount);
    if (!written) return;
  }
}

[[noreturn]] void serve() {
  if (servers->first != nullptr) servers->first();
  for (;;) {
    const std::uint64_t deadline = servers->write_time;
    auto* const parcel = servers->mailbox.wait("calls on files", deadline == 0 ? process::kNoDeadline : deadline);
    if (parcel == &servers->changes) {
      servers->told = false;
    } else if (parcel != nullptr) {
      auto& call = static_cast<Call&>(*parcel);
      call_here(call.mount, call.function, call.context);
      call.done.open();
    }
    if (servers->write_time != 0 && arch::clock::now() >= servers->write_time) write_changes();
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
