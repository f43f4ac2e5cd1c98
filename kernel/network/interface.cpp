// The interfaces of the machine, and the thread of each that takes frames and fires timers.
#include "kernel/network/interface.hpp"

#include <algorithm>
#include <array>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/random.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/include/toro/memory.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/panic.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/process/kernel_thread.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::inet {

using process::scheduler;
using toro::NetworkError;

/// The interfaces' threads, and how they begin.
struct InterfaceThread {
  static constexpr std::size_t kStackPages = 8;
  enum State : std::uint32_t { kNone, kBeingMade, kThere };

  static constinit std::atomic<std::uint32_t> state;
  static constinit std::size_t count;

  [[noreturn]] static void serve_calls();
  [[noreturn]] static void serve_frames();
  static void start_here(Interface& interface);
  static void make();
  static Interface& add(network::Device* device, std::uint32_t core);
  static void add_queues(network::Device& device);
};
constinit std::atomic<std::uint32_t> InterfaceThread::state = kNone;
constinit std::size_t InterfaceThread::count = 0;
constinit std::array<Interface*, kMostInterfaces> all_interfaces{};

namespace {

/// A core's end of the calls of others.
struct CallServer {
  toro::detail::Mailbox mailbox;
  bool started;
};
TORO_PER_CORE(CallServer, servers);

}  // namespace

void InterfaceThread::serve_calls() {
  for (;;)
    if (auto* const call = servers->mailbox.wait("calls on sockets", process::kNoDeadline)) process::serve_call(*call);
}

/// A thread of the kernel's gets no argument: each takes an interface of its core that has none yet.
void InterfaceThread::serve_frames() {
  for (std::size_t i = 0; i < count; ++i) {
    if (!arch::is_this_core(all_interfaces[i]->core_) || std::exchange(all_interfaces[i]->is_served_, true)) continue;
    all_interfaces[i]->serve();
  }
  panic("a thread of the network without an interface");
}

void InterfaceThread::start_here(Interface& interface) {
  if (!std::exchange(servers->started, true)) process::start_kernel_thread("sockets", kStackPages, serve_calls);
  interface.thread_ = &process::start_kernel_thread("network", kStackPages, serve_frames);
}

Interface& InterfaceThread::add(network::Device* device, std::uint32_t core) {
  all_interfaces[count] = toro::inet::make<Interface>(device, core);
  if (all_interfaces[count] == nullptr)
    panic("memory is out: no room for the network of {}", device == nullptr ? "lo" : device->name());
  return *all_interfaces[count++];
}

/// The first queue is the device's core's, each other one's the core's after it.
void InterfaceThread::add_queues(network::Device& device) {
  Steering steering{.count = 0, .index = 0, .key = {arch::random_word(), arch::random_word()}};
  Interface* const first = &add(&device, device.core());
  Interface* last = first;
  for (network::Device* queue = &device; queue != nullptr; queue = queue->next_queue()) ++steering.count;
  for (network::Device* queue = device.next_queue(); queue != nullptr; queue = queue->next_queue()) {
    ++steering.index;
    const auto core = static_cast<std::uint32_t>((device.core() + steering.index) % arch::toro_core_count);
    if (!queue->dedicate_to(core)) panic("{}: a queue is in use before it was given to a core", device.name());
    Interface& added = add(queue, core);
    added.stack_.set_steering(steering);
    added.is_broken_ = true;
    added.first_ = first;
    last = last->next_ = &added;
  }
  steering.index = 0;
  if (steering.count > 1) first->stack_.set_steering(steering);
}

void InterfaceThread::make() {
  for (network::Device* const device : network::devices()) add_queues(*device);
  if (count == 0) add(nullptr, arch::this_core());
  for (std::size_t i = 0; i < count; ++i) {
    if (arch::is_this_core(all_interfaces[i]->core_))
      start_here(*all_interfaces[i]);
    else
      process::send(
          all_interfaces[i]->core_, [](void* payload) { start_here(**static_cast<Interface**>(payload)); },
          all_interfaces[i]);
  }
}

std::span<Interface* const> interfaces() {
  using Thread = InterfaceThread;
  std::uint32_t state = Thread::kNone;
  if (Thread::state.compare_exchange_strong(state, Thread::kBeingMade)) {
    Thread::make();
    Thread::state.store(Thread::kThere, std::memory_order_release);
    toro::detail::wake(Thread::state, UINT32_MAX);
  }
  while (Thread::state.load(std::memory_order_acquire) != Thread::kThere)
    toro::detail::wait_while(Thread::state, Thread::kBeingMade, "the network");
  return std::span(all_interfaces).first(Thread::count);
}

std::span<Interface* const> interfaces_in_use() {
  using Thread = InterfaceThread;
  const bool are_there = Thread::state.load(std::memory_order_acquire) == Thread::kThere;
  return std::span(all_interfaces).first(are_there ? Thread::count : 0);
}

Interface::Interface(network::Device* device, std::uint32_t core)
    : device_(device),
      core_(core),
      stack_(*this, device == nullptr ? MacAddress{} : device->identity().mac,
             device == nullptr ? Stack::kMostMtu : device->identity().mtu),
      began_(arch::clock::now()) {
  stack_.set_observer(this);
}

std::uint64_t Interface::now() {
  if (now_ == 0) now_ = arch::clock::now();
  return now_;
}
std::uint64_t Interface::random() {
  return arch::random_word();
}
void Interface::transmit(const network::Transmit& frame) {
  network::Completion* const told = frame.completion;
  bool is_copied = told == nullptr;
  if (has_device()) {
    has_sent_ = true;
    if (!is_copied) {
      const auto sent = device_->send(frame);
      if (sent) return;
      is_copied = sent.error() == NetworkError::frame_too_long;  // its ring is too short for so many parts
    }
    if (is_copied) static_cast<void>(device_->send_copy(frame));  // else it is lost, as on any cable
  }
  if (told != nullptr) told->done(*told);
}

void Interface::tell_conflict(Ipv4Address address, const MacAddress& other) {
  const auto& a = address.bytes;
  const auto& m = other.bytes;
  print(console::sink(), "toro: {}: {}.{}.{}.{} is the address of {:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}, too\n",
        name(), a[0], a[1], a[2], a[3], m[0], m[1], m[2], m[3], m[4], m[5]);
}

void Interface::begin_turn() {
  process::Exclusive{busy_, waiters_, "the network"}.enter();
  now_ = 0;
}

void Interface::end_turn() {
  stack_.pump();
  if (std::exchange(has_sent_, false)) device_->flush();
  if (thread_ != nullptr && stack_.next_deadline() < sleeps_until_) {
    sleeps_until_ = stack_.next_deadline();
    scheduler().interrupt(*thread_);  // it looks at its timers again
  }
  process::Exclusive{busy_, waiters_, "the network"}.leave();
}

void Interface::carry(void (*function)(void* context), void* context) {
  process::carry(servers.on(core_).mailbox, core_, function, context);
}

Interface& Interface::of_this_core() {
  for (Interface* queue = first_; queue != nullptr; queue = queue->next_)
    if (arch::is_this_core(queue->core_)) return *queue;
  return *first_;
}

void Interface::drain(std::uint64_t deadline) {
  run([&](Stack&) {
    if (device_ != nullptr) static_cast<void>(device_->drain(deadline));
    return 0;
  });
}

bool Interface::awaits_address() const {
  if (stack_.is_configured() || arch::clock::now() >= awaits_address_until()) return false;
  return !is_set_up_ || stack_.dhcp().state() != DhcpClient::State::off;
}

/// Has the device work for this core.
std::expected<network::Offloads, NetworkError> Interface::claim() {
  constexpr std::size_t kPart = 6;  // of the core's memory is for what connections keep each way
  stack_.tcp().limit_memory(std::min(Tcp::kMemory, memory::statistics().share / kPart));
  if (device_ == nullptr) return {};
  auto agreed =
      device_->claim({.transmit_checksum = true, .receive_checksum = true, .segmentation_v4 = true, .merging = true});
  is_broken_ = !agreed;
  if (agreed) stack_.set_offloads(*agreed);
  end_wait();
  return agreed;
}

/// With all its queues: none may get a frame before each has somebody who takes it.
std::expected<network::Offloads, NetworkError> Interface::claim_all() {
  auto agreed = claim();
  for (Interface* queue = next_; agreed && queue != nullptr; queue = queue->next_)
    agreed = queue->run([&](Stack&) { return queue->claim(); });
  if (agreed && next_ != nullptr)
    if (const auto used = device_->use_queues(); !used) return std::unexpected(used.error());
  return agreed;
}

/// By the command line: toro.net0=ADDRESS/PREFIX[,GATEWAY[,NAME SERVER]...]; else by DHCP.
void Interface::configure() {
  const auto agreed = claim_all();
  if (device_ == nullptr) return;
  const auto option = boot::command_line().option(name());
  const auto configuration = option ? parse_configuration(*option) : std::nullopt;
  if (option && !configuration)
    print(console::sink(), "toro: toro.{}=ADDRESS/PREFIX[,GATEWAY[,NAME SERVER]...] was expected, {} was found\n",
          name(), *option);
  if (!agreed) {
    is_broken_ = true;
    print(console::sink(), "toro: {}: no network: {}\n", name(), describe(agreed.error()));
    return;
  }
  if (configuration)
    stack_.configure(*configuration);
  else
    stack_.start_dhcp();
}

void Interface::changed() {
  watches_.raise();
  if (first_ == this && next_ != nullptr) tell_others();
}

/// What this interface's address is now.
void Interface::tell_others() {
  if (stack_.configuration() == told_) return;
  told_ = stack_.configuration();
  for (Interface* queue = next_; queue != nullptr; queue = queue->next_)
    process::send(
        queue->core_,
        [](void* payload) {
          const News& news = *static_cast<News*>(payload);
          news.to->news_ = news.configuration;
          news.to->end_wait();
        },
        News{queue, told_});
}

void Interface::hand_over(std::size_t index, Steered& packet) {
  Interface* to = first_;
  for (; index > 0; --index) to = to->next_;
  process::send(
      to->core_,
      [](void* payload) {
        const Delivery& delivery = *static_cast<Delivery*>(payload);
        delivery.to->arrive(*delivery.packet);
      },
      Delivery{to, &packet});
}

/// From a message.
void Interface::arrive(Steered& packet) {
  constexpr std::size_t kMost = std::size_t{1} << 20;
  if (handed_over_bytes_ + packet.size > kMost) return heap::free(&packet);
  handed_over_.push(packet);
  handed_over_bytes_ += packet.size;
  end_wait();
}

/// Has the interface's thread look what there is, if it waits for the device.
void Interface::end_wait() {
  if (waits_for_frames_) scheduler().interrupt(*thread_);
}

/// What the others have told.
void Interface::take_news() {
  if (const auto configuration = std::exchange(news_, std::nullopt)) {
    stack_.configure(*configuration);
    is_set_up_ = true;
  }
  while (Steered* const packet = handed_over_.pop()) {
    handed_over_bytes_ -= packet->size;
    stack_.input(*packet);
  }
}

/// Whatever ends the wait, serve() looks at all that it may have been.
void Interface::wait_for_frames() {
  waits_for_frames_ = true;
  if (has_device())
    static_cast<void>(device_->wait_for_frame(sleeps_until_));
  else
    scheduler().suspend("the network", process::WaitKind::device, sleeps_until_, process::Interruption::ends_wait);
  waits_for_frames_ = false;
}

/// Gives the stack a frame that came.
void Interface::take_frame(const network::Frame& frame) {
  const network::Buffer& first = *frame.first();
  if (first.next != nullptr) return take_frame_in_parts(frame);
  give(frame, first.part(), {});
}

/// Apart: these arrays are zeroed before they are filled, and nearly every frame lies in one buffer.
[[gnu::noinline]] void Interface::take_frame_in_parts(const network::Frame& frame) {
  const network::Buffer& first = *frame.first();
  if (frame.size() <= network::kBufferSize) {
    std::array<std::byte, network::kBufferSize> copy;
    frame.copy_to(copy);
    return give(frame, Bytes(copy).first(frame.size()), {});
  }
  std::array<Bytes, network::Frame::kMostParts> rest;
  std::size_t count = 0;
  for (const network::Buffer* part = first.next; part != nullptr; part = part->next) rest[count++] = part->part();
  give(frame, first.part(), std::span(rest).first(count));
}

/// The frame, which begins with `bytes`.
void Interface::give(const network::Frame& frame, Bytes bytes, std::span<const Bytes> rest) {
  const network::Frame::Description& description = frame.description();
  const bool is_good = description.checksum != network::Frame::Checksum::unknown;
  stack_.input(bytes, is_good ? Integrity::good : Integrity::unknown,
               {.rest = rest, .segment_size = description.segment_size});
}

/// Some at once, so that others get their turn; how many.
unsigned Interface::take_frames() {
  constexpr unsigned kMostAtOnce = 64;
  unsigned count = 0;
  for (; count < kMostAtOnce && has_device(); ++count) {
    const auto frame = device_->receive(0);
    if (!frame) {
      is_broken_ = frame.error() == NetworkError::device_failed;
      break;
    }
    take_frame(*frame);
  }
  return count;
}

void Interface::serve() {
  if (first_ == this)
    run([&](Stack&) {
      configure();
      is_set_up_ = true;
      watches_.raise();
      return 0;
    });
  for (;;) {
    const unsigned frames = run([&](Stack& stack) {
      take_news();
      const unsigned count = take_frames();
      stack.run_timers();
      sleeps_until_ = stack.next_deadline();
      return count;
    });
    scheduler().yield();  // frames may come faster than they are taken
    if (news_ || !handed_over_.empty() || sleeps_until_ == 0) continue;
    if (!halt_polling_.goes_on(arch::clock::now(), frames)) wait_for_frames();
  }
}

}  // namespace toro::inet
