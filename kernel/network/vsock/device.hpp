// The machine's socket device, its streams, and the core that both belong to.
#pragma once

#include <optional>

#include "kernel/devices/virtio/driver.hpp"
#include "kernel/devices/virtio/vsock.hpp"
#include "kernel/include/toro/detail/mailbox.hpp"
#include "kernel/network/vsock/streams.hpp"
#include "kernel/network/watch.hpp"
#include "kernel/process/carried_calls.hpp"

namespace toro::vsock {

/// Lives for ever.
class Device final : Link {
 public:
  explicit Device(virtio::Interrupt interrupt);

  /// Null where the machine has none. It belongs to the core of the first caller. Threads.
  [[nodiscard]] static Device* find();
  /// The same, where somebody has called that. Any context.
  [[nodiscard]] static Device* in_use();

  [[nodiscard]] std::expected<void, virtio::Error> start(virtio::Transport& transport) {
    return device_.start(transport);
  }

  /// What `f(streams)` returns, called on the device's core; it must not wait. Threads of any core.
  template <class F>
  auto run(F f) -> decltype(f(std::declval<Streams&>())) {
    using Returned = decltype(f(std::declval<Streams&>()));
    struct Call {
      Device& device;
      F& f;
      std::optional<Returned> returned;
    } call{*this, f, {}};
    call_there(
        [](void* context) {
          auto& made = *static_cast<Call*>(context);
          made.returned.emplace(made.f(made.device.streams_));
          made.device.settle();
        },
        &call);
    return std::move(*call.returned);
  }

  /// Raised when connections that nobody uses any more have delivered all. Within run().
  [[nodiscard]] inet::WatchList& watches() { return watches_; }

 private:
  friend struct inet::SocketTable;

  [[nodiscard]] static bool be_brought_up();
  void call_there(void (*function)(void* context), void* context);
  void settle();
  void take_packets();
  void look_after(std::uint64_t now);
  [[noreturn]] void serve();

  std::uint32_t cid() override { return device_.cid(); }
  std::uint64_t now() override;
  std::uint64_t random() override;
  std::size_t room() override { return device_.room(); }
  void transmit(const VsockHeader& header, Bytes payload) override {
    static_cast<void>(device_.transmit(header, payload));
  }

  virtio::Vsock device_;
  virtio::Interrupt interrupt_;
  Streams streams_;
  inet::WatchList watches_;
  std::uint32_t core_ = 0;
  bool is_broken_ = false;
  // Of look_after():
  std::uint64_t next_look_ = inet::kNever;
  std::uint64_t taken_ = 0;    ///< packets, by then
  std::uint64_t took_at_ = 0;  ///< when it last took some, or had all
  process::Thread* thread_ = nullptr;
  std::uint64_t sleeps_until_ = 0;  ///< the device's thread
  toro::detail::Mailbox calls_;     ///< of other cores
};

/// Or null. device.cpp alone uses it, and kernel/tables describes it.
extern Device* the_device;

}  // namespace toro::vsock
