// Calls on a mount: one at a time, on its core, carried there and back from others.
#include "kernel/filesystem/kernel.hpp"
#include "kernel/process/carried_calls.hpp"

namespace toro::filesystem {
namespace {

TORO_PER_CORE(process::CallServer, servers);

[[noreturn]] void serve() {
  process::serve_calls(*servers, "calls on files");
}

}  // namespace

void serve_other_cores() {
  process::start_call_server(*servers, "files", serve);
}

void call_on_mount(Mount& mount, void (*function)(void* context), void* context) {
  static_assert(sizeof(process::WaitQueue) == sizeof mount.waiters);
  auto& queue = reinterpret_cast<process::WaitQueue&>(mount.waiters);
  process::call_alone(servers, {mount.core, mount.busy, queue, "a filesystem"}, function, context);
}

}  // namespace toro::filesystem
