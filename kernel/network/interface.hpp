// The interfaces of the machine: a device, its stack, and the core that both belong to. A device of several queues has
// as many of them, which have the address in common.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/devices/network/device.hpp"
#include "kernel/network/stack.hpp"
#include "kernel/network/watch.hpp"
#include "kernel/process/carried_calls.hpp"
#include "kernel/process/halt_polling.hpp"

namespace toro::inet {

/// Lives for ever. One that has no device reaches this machine alone.
class Interface final : Environment, Observer {
 public:
  Interface(network::Device* device, std::uint32_t core);

  [[nodiscard]] std::string_view name() const { return device_ == nullptr ? "lo" : device_->name(); }
  [[nodiscard]] std::uint32_t core() const { return core_; }
  /// Of those that have the address in common, the one that is as if it were alone: all sockets may be there.
  [[nodiscard]] Interface& first() { return *first_; }
  [[nodiscard]] Interface* next() { return next_; }
  /// Among them, the calling core's; the first one where it has none.
  [[nodiscard]] Interface& of_this_core();

  /// What `f(stack)` returns, called on the interface's core while nobody else uses the stack. It may wait for room in
  /// the device. Threads of any core.
  template <class F>
  auto run(F f) -> decltype(f(std::declval<Stack&>())) {
    if (arch::is_this_core(core_)) {
      const Turn turn(*this);
      return f(stack_);
    }
    using Returned = decltype(f(std::declval<Stack&>()));
    struct Call {
      Interface& interface;
      F& f;
      std::optional<Returned> returned;
    } call{*this, f, {}};
    carry(
        [](void* context) {
          auto& made = *static_cast<Call*>(context);
          const Turn turn(made.interface);
          made.returned.emplace(made.f(made.interface.stack_));
        },
        &call);
    return std::move(*call.returned);
  }

  /// Waits until the device has sent what it was given, or until `deadline`, nanoseconds since boot. Threads of any
  /// core.
  void drain(std::uint64_t deadline);

  // Within run():

  /// Raised when the configuration changes, when a connection that nobody uses any more has delivered all, and of a
  /// reply to a ping.
  [[nodiscard]] WatchList& watches() { return watches_; }
  /// It has just come up, and may still get its address. Over when so long has passed that nobody will give it one.
  [[nodiscard]] bool awaits_address() const;
  /// Nanoseconds since boot.
  [[nodiscard]] std::uint64_t awaits_address_until() const { return began_ + kPatience; }

 private:
  friend struct InterfaceThread;
  friend struct SocketTable;

  static constexpr std::uint64_t kPatience = 10 * kSecond;

  /// A use of the stack, on its core: while it lasts nobody else uses it.
  class Turn {
   public:
    explicit Turn(Interface& interface) : interface_(interface) { interface_.begin_turn(); }
    ~Turn() { interface_.end_turn(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Interface& interface_;
  };

  // Messages of the others, each of which is sent as one.
  struct News {
    Interface* to;
    Configuration configuration;
  };
  struct Delivery {
    Interface* to;
    Steered* packet;
  };

  [[nodiscard]] bool has_device() const { return device_ != nullptr && !is_broken_; }
  /// Has `function(context)` called on the interface's core, which is another one.
  void carry(void (*function)(void* context), void* context);
  void begin_turn();
  void end_turn();
  [[noreturn]] void serve();
  void configure();
  [[nodiscard]] std::expected<network::Offloads, NetworkError> claim();
  [[nodiscard]] std::expected<network::Offloads, NetworkError> claim_all();
  void tell_others();
  void take_news();
  void arrive(Steered& packet);
  void end_wait();
  void wait_for_frames();
  void take_frame(const network::Frame& frame);
  void take_frame_in_parts(const network::Frame& frame);
  void give(const network::Frame& frame, Bytes bytes, std::span<const Bytes> rest);
  unsigned take_frames();

  std::uint64_t now() override;
  std::uint64_t random() override;
  void transmit(const network::Transmit& frame) override;
  void tell_conflict(Ipv4Address address, const MacAddress& other) override;
  void hand_over(std::size_t index, Steered& packet) override;
  void changed() override;

  network::Device* device_;
  std::uint32_t core_;
  std::uint64_t now_ = 0;  ///< of this use of the stack, for which the clock is read once; 0: not yet
  Stack stack_;
  WatchList watches_;
  std::uint64_t began_;
  bool is_set_up_ = false;  ///< has an address, or asks for one, or will have none
  bool busy_ = false;
  process::WaitQueue waiters_;
  process::Thread* thread_ = nullptr;
  bool is_served_ = false;
  bool is_broken_ = false;          ///< the device, or it is not claimed yet
  bool waits_for_frames_ = false;   ///< the interface's thread
  bool has_sent_ = false;           ///< since the device was told last
  std::uint64_t sleeps_until_ = 0;  ///< the interface's thread
  process::HaltPolling halt_polling_;

  Interface* first_ = this;
  Interface* next_ = nullptr;
  Configuration told_;                 ///< to the others
  std::optional<Configuration> news_;  ///< that the first one has told
  List<Steered, &Steered::links> handed_over_;
  std::size_t handed_over_bytes_ = 0;
};

/// One for each queue of each device. The rest are null; interface.cpp alone uses it, and kernel/tables describes
/// it.
inline constexpr std::size_t kMostInterfaces = 32;
extern std::array<Interface*, kMostInterfaces> all_interfaces;

/// Brought up by the first call: at least one. Threads.
[[nodiscard]] std::span<Interface* const> interfaces();
/// The same, or none when nobody has brought them up. Any context.
[[nodiscard]] std::span<Interface* const> interfaces_in_use();

}  // namespace toro::inet
