// Calls to a device that are carried to its core.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/include/toro/detail/work.hpp"
#include "kernel/panic.hpp"

namespace toro::detail {

/// In the images that can run a thread on another core: the C library's glue has it where it has run_on() or
/// thread::create(). In all others who calls is on the device's core.
// NOLINTNEXTLINE(readability-redundant-declaration): weak here
[[gnu::weak]] void submit(std::uint32_t core, Work& work);

}  // namespace toro::detail

namespace toro::network {

/// `f()` on the core that `device` belongs to, in a thread there that may block. Threads only.
template <class Device, class F>
auto on_core_of(Device& device, F f) {
  using Result = std::invoke_result_t<F&>;
  struct Call : detail::Work {
    Call(Device& d, F& function) : Work(execute), device_(d), function_(function) {}

    /// The device may have been given to another core meanwhile.
    static void execute(detail::Work& work) {
      auto& call = static_cast<Call&>(work);
      if (arch::is_this_core(call.device_.core())) call.result_.emplace(call.function_());
      call.done_.open();
    }

    Device& device_;
    F& function_;
    detail::Gate done_;
    std::optional<Result> result_;
  };
  for (;;) {
    const std::uint32_t core = device.core();
    if (arch::is_this_core(core)) return f();
    if (detail::submit == nullptr)
      panic("{} belongs to core {}, which nothing of this image reaches", device.name(), core);
    Call call(device, f);
    detail::submit(core, call);
    call.done_.wait();
    if (call.result_) return Result(std::move(*call.result_));
  }
}

}  // namespace toro::network
