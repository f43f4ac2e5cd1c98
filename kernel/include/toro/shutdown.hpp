// What the application does when somebody outside asks the machine to end.
#pragma once

namespace toro {

/// Has `function` called, once, when the machine is asked to end: by an NMI that no debugger claims, or the power
/// button where the board has one. It runs on a thread of core 0 and may block; the program then ends as it decides
/// (std::exit(), or by telling main). Of several functions the last one counts. Until this is called, an NMI is a
/// panic; from then on the kernel cannot tell a deadlock, since the request may still come. Threads only.
void on_shutdown(void (*function)());

namespace detail {

/// Lets requests come from now on, also before anybody waits for them.
void accept_shutdown_requests();

/// Waits for the first request. A thread of core 0.
void await_shutdown_request();

}  // namespace detail
}  // namespace toro
