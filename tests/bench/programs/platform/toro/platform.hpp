// Cores, as Toro offers them.
#pragma once

#include <toro/cores.hpp>
#include <toro/sync.hpp>
#include <toro/thread.hpp>

#include <cstdint>

namespace platform {

inline constexpr bool kHasNativeApi = true;

/// The cheapest call into the kernel that there is.
inline std::uint32_t native_call() {
  return toro::this_core();
}

/// A thread that does `f`, from its creation to its end.
template <class F>
void create_and_join(F f) {
  toro::thread::create({}, f).join();
}

using toro::Channel;
using toro::cores;
using toro::post;
using toro::run_on;

/// The next message, by a thread that never sleeps.
template <class T>
T poll(Channel<T>& channel) {
  for (;;) {
    if (auto message = channel.try_receive()) return *message;
    toro::this_thread::yield();
  }
}

/// Keeps the calling thread, and those it creates, on core 0: here they never leave the core they are created on.
inline void stay_on_first_core() {}

}  // namespace platform
