// Calls on a mount: on its core, carried there and back from others.
#include <atomic>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/filesystem/kernel.hpp"
#include "kernel/process/carried_calls.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/process/kernel_thread.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::filesystem {
namespace {

constexpr std::size_t kStackPages = 8;

constexpr std::uint32_t kMostThreads = 8;  // of a core, for calls that wait at the same time

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

process::Exclusive exclusive(Turn& turn) {
  static_assert(sizeof(process::WaitQueue) == sizeof turn.waiters);
  return {turn.busy, reinterpret_cast<process::WaitQueue&>(turn.waiters), "a filesystem"};
}

/// The server learns that it has to write some time.
void tell_changes(Mount& mount) {
  if (servers->write_time != 0 || servers->threads == 0 || mount.filesystem == nullptr ||
      !mount.filesystem->has_changes())
    return;
  servers->write_time = arch::clock::now() + kMostUnwritten;
  if (!std::exchange(servers->told, true)) servers->mailbox.put(mount.core, servers->changes);
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
    exclusive(mount->turn).leave();
    if (!written) return;
  }
}

[[noreturn]] void serve() {
  if (auto* const first = std::exchange(servers->first, nullptr)) first();
  for (;;) {
    const std::uint64_t deadline = servers->write_time;
    ++servers->idle;
    auto* const parcel = servers->mailbox.wait("calls on files", deadline == 0 ? process::kNoDeadline : deadline);
    --servers->idle;
    if (parcel == &servers->changes)
      servers->told = false;
    else if (parcel != nullptr)
      process::serve_call(*parcel);
    if (servers->write_time != 0 && arch::clock::now() >= servers->write_time) write_changes();
  }
}

void add_thread() {
  ++servers->threads;
  process::start_kernel_thread("files", kStackPages, serve);
}

struct Call {
  Mount& mount;
  Turn* turn;
  void (*function)(void* context);
  void* context;

  void make() const {
    if (turn == nullptr) return function(context);
    exclusive(*turn).enter();
    function(context);
    tell_changes(mount);
    exclusive(*turn).leave();
  }
};

}  // namespace

void serve_other_cores(void (*first)()) {
  const arch::InterruptsOff off;
  if (servers->threads != 0) return;
  servers->first = first;
  add_thread();
}

void call_on_mount(Mount& mount, Turn* turn, void (*function)(void* context), void* context) {
  Call call{mount, turn, function, context};
  if (arch::is_this_core(mount.core)) return call.make();
  Server& server = servers.on(mount.core);
  // The first call that is carried there; where another one was quicker, nothing happens.
  if (std::atomic_ref(server.threads).load(std::memory_order_relaxed) == 0)
    process::send(mount.core, [](void*) { serve_other_cores(); }, 0);
  process::carry(
      server.mailbox, mount.core,
      [](void* of) {
        const Call& carried = *static_cast<Call*>(of);
        // What overlaps may wait long, and calls come meanwhile.
        if (carried.mount.overlaps() && servers->idle == 0 && servers->threads < kMostThreads) add_thread();
        carried.make();
      },
      &call);
}

}  // namespace toro::filesystem
