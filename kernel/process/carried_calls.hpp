// Calls on something that belongs to a core and is used by one caller at a time: carried there and back from others.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/include/toro/detail/mailbox.hpp"
#include "kernel/process/thread.hpp"

namespace toro::process {

/// What is called on.
struct Exclusive {
  std::uint32_t core;
  bool& busy;
  WaitQueue& waiters;
  const char* what;  ///< a literal for the debugger: what callers wait for
};

/// A core's end of the calls of other cores. Zeroed memory is one that serves nobody yet.
struct CallServer {
  toro::detail::Mailbox mailbox;
  bool started;
};

/// Starts a thread of this core, which calls `run`, which calls serve_calls(). Once; from a thread or a message.
void start_call_server(CallServer& server, std::string_view name, void (*run)());
/// `what` is a literal for the debugger.
[[noreturn]] void serve_calls(CallServer& server, const char* what);

/// `function(context)` on its core, while nobody else is there. It may wait. Threads of any core; of another one only
/// where the core's server has been started.
void call_alone(arch::PerCore<CallServer>& servers, const Exclusive& on, void (*function)(void* context),
                void* context);

}  // namespace toro::process
