// At the end of the application: what it sent is still delivered, as it is where a kernel outlives its processes.
#include "kernel/posix/finish_sockets.hpp"

#include "kernel/posix/any_socket.hpp"
#include "kernel/posix/interface_wait.hpp"
#include "kernel/posix/time.hpp"

extern "C" [[gnu::destructor]] void toro_finish_sockets() {
  using namespace toro;
  constexpr std::uint64_t kPatience = 10 * inet::kSecond;
  posix::close_all_streams();
  if (posix::finish_vsock != nullptr) posix::finish_vsock(kPatience);
  const std::uint64_t deadline = posix::deadline_after(kPatience);
  for (inet::Interface* const interface : inet::interfaces_in_use()) {
    static_cast<void>(posix::wait_at(*interface, "what was sent to be delivered", deadline,
                                     [](inet::Stack& stack) { return !stack.tcp().still_delivers(); }));
    interface->drain(deadline);
  }
}
