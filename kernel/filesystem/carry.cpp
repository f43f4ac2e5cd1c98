// Calls on a mount: one at a time, on its core, carried there and back from others.
#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/filesystem/kernel.hpp"
#include "kernel/process/carried_calls.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::filesystem {
namespace {

/// How long a change may be in memory only.
constexpr std::uint64_t kMostUnwritten = 5'000'000'000;  // ns

TORO_PER_CORE(process::CallServer, servers);

struct Writer {
  void (*first)();               ///< what the server's thread does before it serves; may be null
  std::uint64_t write_time;      ///< when changes are to be written, ns since boot; 0: there are none
  toro::detail::Parcel changes;  ///< only says that write_time has changed
  bool told;                     ///< it is in the mailbox
};
TORO_PER_CORE(Writer, writers);

process::Exclusive exclusive(Mount& mount) {
  static_assert(sizeof(process::WaitQueue) == sizeof mount.waiters);
  return {mount.core, mount.busy, reinterpret_cast<process::WaitQueue&>(mount.waiters), "a filesystem"};
}

/// The server learns that it has to write some time.
void tell_changes(Mount& mount) {
  if (writers->write_time != 0 || !servers->started || mount.filesystem == nullptr || !mount.filesystem->has_changes())
    return;
  writers->write_time = arch::clock::now() + kMostUnwritten;
  if (!std::exchange(writers->told, true)) servers->mailbox.put(mount.core, writers->changes);
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
  writers->write_time = 0;
  while (Mount* const mount = take_changed()) {
    const bool written = mount->filesystem->sync().has_value();  // an error is reported
    process::leave(exclusive(*mount));
    if (!written) return;
  }
}

[[noreturn]] void serve() {
  if (writers->first != nullptr) writers->first();
  for (;;) {
    const std::uint64_t deadline = writers->write_time;
    auto* const parcel = servers->mailbox.wait("calls on files", deadline == 0 ? process::kNoDeadline : deadline);
    if (parcel == &writers->changes)
      writers->told = false;
    else if (parcel != nullptr)
      process::serve_call(*parcel);
    if (writers->write_time != 0 && arch::clock::now() >= writers->write_time) write_changes();
  }
}

}  // namespace

void serve_other_cores(void (*first)()) {
  const arch::InterruptsOff off;
  if (servers->started) return;
  writers->first = first;
  process::start_call_server(*servers, "files", serve);
}

void call_on_mount(Mount& mount, void (*function)(void* context), void* context) {
  struct Call {
    Mount& mount;
    void (*function)(void* context);
    void* context;
  } call{mount, function, context};
  process::call_alone(
      servers, exclusive(mount),
      [](void* of) {
        const Call& called = *static_cast<Call*>(of);
        called.function(called.context);
        tell_changes(called.mount);
      },
      &call);
}

}  // namespace toro::filesystem
