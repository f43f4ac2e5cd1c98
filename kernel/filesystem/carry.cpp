// Calls on a mount: on its core, carried there and back from others.
#include <atomic>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/filesystem/kernel.hpp"
#include "kernel/include/toro/detail/mailbox.hpp"
#include "kernel/include/toro/detail/work.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/process/kernel_thread.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::filesystem {
namespace {

constexpr std::size_t kStackPages = 8;

constexpr std::uint32_t kMostThreads = 8;  // of a core, for calls that wait at the same time

struct Call : toro::detail::Parcel {
  Mount& mount;
  Turn* turn;
  void (*function)(void* context);
  void* context;
  toro::detail::Gate done;

  Call(Mount& m, Turn* t, void (*f)(void* context), void* c) : mount(m), turn(t), function(f), context(c) {}
};

/// How long a change may be in memory only.
constexpr std::uint64_t kMostUnwritten = 5'000'000'000;  // ns

struct Server {
  toro::detail::Mailbox mailbox;
  std::uint32_t threads;
  std::uint32_t idle;            ///< of them
  void (*first)();               ///< what the first thread does before it serves; may be null
  std::uint64_t write_time;      ///< when changes are to be written, ns since boot; 0: there are none
  toro::detail::Parcel changes;  ///< only says that write_time has changed
  bool told;                     ///< it is in the mailbox
};
TORO_PER_CORE(Server, servers);

process::WaitQueue& queue_of(Turn& turn) {
  static_assert(sizeof(process::WaitQueue) == sizeof turn.waiters);
  return reinterpret_cast<process::WaitQueue&>(turn.waiters);
}

void end(Turn& turn) {
  const arch::InterruptsOff off;
  turn.busy = false;
  process::scheduler().wake(queue_of(turn), 1);
}

/// The server learns that it has to write some time.
void tell_changes(Mount& mount) {
  if (servers->write_time != 0 || servers->threads == 0 || mount.filesystem == nullptr ||
      !mount.filesystem->has_changes())
    return;
  servers->write_time = arch::clock::now() + kMostUnwritten;
  if (!std::exchange(servers->told, true)) servers->mailbox.put(mount.core, servers->changes);
}

void call_here(Mount& mount, Turn* turn, void (*function)(void* context), void* context) {
  if (turn != nullptr) {
    const arch::InterruptsOff off;
    while (turn->busy) process::scheduler().wait(queue_of(*turn), "a filesystem", process::WaitKind::thread);
    turn->busy = true;
  }
  function(context);
  if (turn == nullptr) return;
  tell_changes(mount);
  end(*turn);
}

/// A mount of this core with changes, whose turn it is then.
Mount* take_changed() {
  return names_at_boot().find_mount([](Mount& mount) {
    if (!arch::is_this_core(mount.core) || mount.turn.busy || !mount.filesystem->has_changes()) return false;
    mount.turn.busy = true;
    return true;
  });
}

void write_changes() {
  servers->write_time = 0;
  while (Mount* const mount = take_changed()) {
    const bool written = mount->filesystem->sync().has_value();  // an error is reported
    end(mount->turn);
    if (!written) return;
  }
}

void add_thread();

[[noreturn]] void serve() {
  if (auto* const first = std::exchange(servers->first, nullptr)) first();
  for (;;) {
    const std::uint64_t deadline = servers->write_time;
    ++servers->idle;
    auto* const parcel = servers->mailbox.wait("calls on files", deadline == 0 ? process::kNoDeadline : deadline);
    --servers->idle;
    if (parcel == &servers->changes) {
      servers->told = false;
    } else if (parcel != nullptr) {
      auto& call = static_cast<Call&>(*parcel);
      // What overlaps may wait long, and calls come meanwhile.
      if (call.mount.overlaps() && servers->idle == 0 && servers->threads < kMostThreads) add_thread();
      call_here(call.mount, call.turn, call.function, call.context);
      call.done.open();
    }
    if (servers->write_time != 0 && arch::clock::now() >= servers->write_time) write_changes();
  }
}

void add_thread() {
  ++servers->threads;
  process::start_kernel_thread("files", kStackPages, serve);
}

}  // namespace

void serve_other_cores(void (*first)()) {
  const arch::InterruptsOff off;
  if (servers->threads != 0) return;
  servers->first = first;
  add_thread();
}

void call_on_mount(Mount& mount, Turn* turn, void (*function)(void* context), void* context) {
  if (arch::is_this_core(mount.core)) return call_here(mount, turn, function, context);
  Call call(mount, turn, function, context);
  Server& server = servers.on(mount.core);
  server.mailbox.put(mount.core, call);
  // The first call that is carried there; where another one was quicker, nothing happens.
  if (std::atomic_ref(server.threads).load(std::memory_order_relaxed) == 0)
    process::send(mount.core, [](void*) { serve_other_cores(); }, 0);
  call.done.wait();
}

}  // namespace toro::filesystem
