// Threads of the kernel's own, which serve a core for ever.
#pragma once

#include <cstddef>
#include <string_view>

namespace toro::process {

struct Thread;

/// Starts a thread of this core that calls `run`, which must not return, on `stack_pages` pages. Panics with the name
/// when memory is out. From a thread, a message or at boot.
Thread& start_kernel_thread(std::string_view name, std::size_t stack_pages, void (*run)());

}  // namespace toro::process
