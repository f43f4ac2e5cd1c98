// A network device of the machine.
#include "kernel/devices/network/device.hpp"

#include <algorithm>
#include <new>

#include "kernel/arch/x86_64/clock.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/include/toro/heap.hpp"
#include "kernel/memory/memory.hpp"

namespace toro::network {

using arch::InterruptsOff;
using process::scheduler;
using process::WaitKind;
using process::WakeReason;

namespace {

constexpr std::size_t kCopies = 128;

}  // namespace

/// A buffer for a frame that is copied to be sent.
struct Device::Copy : Completion {
  Device* device = nullptr;
  Copy* next = nullptr;
  std::byte* memory = nullptr;
};

Device::Device(unsigned number, Driver& driver, const Connection& connection)
    : driver_(driver), connection_(connection) {
  name_.print("net{}", number);
}

std::expected<void, NetworkError> Device::dedicate_to(std::uint32_t core) {
  if (state_ != State::idle) return std::unexpected(NetworkError::in_use);
  if (core >= arch::toro_core_count) return std::unexpected(NetworkError::no_such_core);
  core_.store(core, std::memory_order_relaxed);
  return {};
}

std::expected<Offloads, NetworkError> Device::claim(Offloads wanted) {
  if (state_ != State::idle || claimed_) return std::unexpected(NetworkError::in_use);
  if (const auto started = start(wanted); !started) return std::unexpected(started.error());
  claimed_ = true;
  return offloads_;
}

std::expected<void, NetworkError> Device::start(Offloads wanted) {
  if (state_ == State::working) [[likely]]
    return check();
  if (state_ == State::failed) return std::unexpected(NetworkError::device_failed);
  if (const auto allocated = allocate_buffers(); !allocated) return allocated;
  {
    const InterruptsOff off;
    state_ = State::working;
    if (const auto agreed = driver_.start(wanted, receive_pool_, counters_)) {
      offloads_ = *agreed;
      unreachable_ = connection_.connect(connection_.argument, *this);
      static_cast<void>(on_interrupt());  // of what happened before somebody listened, no interrupt need come
    }
  }
  return check();
}

std::expected<void, NetworkError> Device::use_queues() {
  std::size_t count = 0;
  for (const Device* queue = this; queue != nullptr; queue = queue->next_queue_) ++count;
  constexpr std::uint64_t kPatience = 10'000'000'000, kPause = 1'000'000;  // ns
  for (const std::uint64_t begin = arch::clock::now(); arch::clock::now() - begin < kPatience;) {
    {
      const InterruptsOff off;
      if (const auto uses = driver_.use_queues(count))
        return *uses ? std::expected<void, NetworkError>() : std::unexpected(NetworkError::device_failed);
    }
    scheduler().sleep_until(arch::clock::now() + kPause);
  }
  return std::unexpected(NetworkError::timed_out);
}

/// All of the core's own memory. What was allocated when something is missing is kept for the next try.
std::expected<void, NetworkError> Device::allocate_buffers() {
  constexpr std::size_t kPerPage = memory::kPageSize / kBufferSize;
  const auto allocate = [](std::size_t count) {
    const std::size_t pages = (count + kPerPage - 1) / kPerPage;
    return reinterpret_cast<std::byte*>(memory::allocate_zeroed_pages(pages));
  };
  if (free_copies_ == nullptr) {
    auto* const copies = static_cast<Copy*>(heap::allocate(kCopies * sizeof(Copy)));
    std::byte* const memory = copies != nullptr ? allocate(kCopies) : nullptr;
    if (memory == nullptr) {
      heap::free(copies);
      return std::unexpected(NetworkError::out_of_memory);
    }
    for (std::size_t i = 0; i < kCopies; ++i) {
      auto* const copy = new (copies + i) Copy;
      copy->done = [](Completion& self) {
        auto& done = static_cast<Copy&>(self);
        done.next = done.device->free_copies_;
        done.device->free_copies_ = &done;
        --done.device->copies_in_use_;
      };
      copy->device = this;
      ++copies_in_use_;
      copy->memory = memory + i * kBufferSize;
      copy->done(*copy);
    }
  }
  const std::size_t count = driver_.buffers();
  auto* const buffers = static_cast<Buffer*>(heap::allocate(count * sizeof(Buffer)));
  std::byte* const memory = buffers != nullptr ? allocate(count) : nullptr;
  if (memory == nullptr) {
    heap::free(buffers);
    return std::unexpected(NetworkError::out_of_memory);
  }
  receive_pool_.add({buffers, count}, {memory, count * kBufferSize});
  return {};
}

/// Says once what ended the device's service, and lets nobody wait for it.
std::expected<void, NetworkError> Device::check() {
  const std::string_view failure = unreachable_.empty() ? driver_.failure() : unreachable_;
  if (failure.empty()) [[likely]]
    return {};
  if (state_ == State::working) {
    state_ = State::failed;
    print(console::sink(), "toro: {}: {}\n", name(), failure);
    for (process::WaitQueue* queue : {&readers_, &writers_, &link_watchers_}) scheduler().wake(*queue, UINT32_MAX);
  }
  return std::unexpected(NetworkError::device_failed);
}

/// Interrupts are off.
std::expected<void, NetworkError> Device::wait(process::WaitQueue& queue, const char* what, std::uint64_t deadline) {
  switch (scheduler().wait(queue, what, WaitKind::device, deadline)) {
    case WakeReason::timed_out:
      return std::unexpected(NetworkError::timed_out);
    case WakeReason::interrupted:
      return std::unexpected(NetworkError::interrupted);
    case WakeReason::woken:
      break;
  }
  return {};
}

std::expected<Frame, NetworkError> Device::receive(std::uint64_t deadline) {
  if (const auto started = start(); !started) return std::unexpected(started.error());
  for (bool last = deadline == 0;;) {
    const InterruptsOff off;  // from the look to the wait, so that no frame is missed
    if (Frame frame = driver_.receive()) {
      counters_.received.frames += 1;
      counters_.received.bytes += frame.size();
      scheduler().wake(readers_, 1);  // what is left is another reader's
      return frame;
    }
    if (const auto sound = check(); !sound) return std::unexpected(sound.error());
    if (last) return std::unexpected(NetworkError::timed_out);
    const auto waited = wait_for_frame(deadline);
    if (!waited && waited.error() != NetworkError::timed_out) return std::unexpected(waited.error());
    last = !waited;
  }
}

std::expected<void, NetworkError> Device::wait_for_frame(std::uint64_t deadline) {
  const InterruptsOff off;
  if (listen({.receive = true, .transmit = false, .link = false}).receive) return {};
  return wait(readers_, "a network frame", deadline);
}

std::expected<void, NetworkError> Device::check_length(const Transmit& frame) const {
  if (frame.segmentation != Segmentation::none) return {};
  const std::size_t size = frame.size();
  if (size < kHeaderSize) return std::unexpected(NetworkError::frame_too_short);
  if (size > driver_.identity().mtu + kHeaderSize + kTagSize) return std::unexpected(NetworkError::frame_too_long);
  return {};
}

std::expected<void, NetworkError> Device::send(const Transmit& frame) {
  if (const auto started = start(); !started) return started;
  if (const auto sound = check_length(frame); !sound) return sound;
  const InterruptsOff off;
  for (;;) {
    if (driver_.link() == LinkState::down) {
      ++counters_.dropped_unsent.link_down;
      return std::unexpected(NetworkError::link_down);
    }
    switch (driver_.transmit(frame)) {
      case Driver::Result::taken:
        counters_.sent.frames += 1;
        counters_.sent.bytes += frame.size();
        scheduler().wake(writers_, 1);  // there may be room for another writer
        return {};
      case Driver::Result::refused:
        if (const auto sound = check(); !sound) return sound;
        return std::unexpected(NetworkError::frame_too_long);
      case Driver::Result::full:
        if (const auto waited = wait_for_room(); !waited) return waited;
    }
  }
}

/// Parks the thread until the device has taken something. Interrupts are off.
std::expected<void, NetworkError> Device::wait_for_room() {
  driver_.kick();
  if (const Events there = listen({.receive = false, .transmit = true, .link = false}); !there.transmit && !there.link)
    if (const auto waited = wait(writers_, "room to send", process::kNoDeadline); !waited) return waited;
  driver_.reclaim();
  return check();
}

std::expected<void, NetworkError> Device::send_copy(const Transmit& frame) {
  if (const auto started = start(); !started) return started;
  if (const auto sound = check_length(frame); !sound) return sound;
  const std::size_t length = frame.size();
  if (length > kBufferSize - kHeadroom) return send_large_copy(frame);
  const InterruptsOff off;
  if (free_copies_ == nullptr) driver_.reclaim();
  while (free_copies_ == nullptr)
    if (const auto waited = wait_for_room(); !waited) return waited;
  Copy& copy = *free_copies_;
  free_copies_ = copy.next;
  ++copies_in_use_;
  std::byte* const memory = copy.memory + kHeadroom;
  std::byte* const end = frame.copy_to(memory);
  if (length < kShortestFrame) std::fill_n(end, kShortestFrame - length, std::byte{0});
  const std::span<const std::byte> part(memory, std::max(length, kShortestFrame));
  const auto sent = send(frame.in(part, kHeadroom, copy));
  if (!sent) copy.done(copy);
  return sent;
}

/// Of a device whose MTU is beyond a buffer: in a block of the heap.
std::expected<void, NetworkError> Device::send_large_copy(const Transmit& frame) {
  constexpr std::size_t kBegin = (sizeof(Completion) + kHeadroom + 15) & ~std::size_t{15};
  auto* const memory = static_cast<std::byte*>(heap::allocate(kBegin + frame.size()));
  if (memory == nullptr) return std::unexpected(NetworkError::out_of_memory);
  auto* const completion = new (memory) Completion{.done = [](Completion& self) { heap::free(&self); }};
  frame.copy_to(memory + kBegin);
  const std::span<const std::byte> part(memory + kBegin, frame.size());
  const auto sent = send(frame.in(part, kHeadroom, *completion));
  if (!sent) heap::free(memory);
  return sent;
}

void Device::flush() {
  const InterruptsOff off;
  driver_.kick();
  driver_.reclaim();
}

std::expected<void, NetworkError> Device::drain(std::uint64_t deadline) {
  if (state_ != State::working) return {};
  const InterruptsOff off;
  driver_.kick();
  for (;;) {
    driver_.reclaim();
    if (copies_in_use_ == 0) return {};
    if (const auto sound = check(); !sound) return sound;
    if (listen({.receive = false, .transmit = true, .link = false}).transmit) continue;
    if (const auto waited = wait(writers_, "what was sent", deadline); !waited) return waited;
  }
}

std::expected<LinkState, NetworkError> Device::link() {
  if (const auto started = start(); !started) return std::unexpected(started.error());
  return driver_.link();
}

std::expected<void, NetworkError> Device::wait_for_link(LinkState wanted, std::uint64_t deadline) {
  if (const auto started = start(); !started) return started;
  const InterruptsOff off;
  while (driver_.link() != wanted) {
    if (deadline == 0) return std::unexpected(NetworkError::timed_out);
    if (const auto waited = wait(link_watchers_, "a link", deadline); !waited) return waited;
    if (const auto sound = check(); !sound) return sound;
  }
  return {};
}

NetworkCounters& Device::counters() {
  const InterruptsOff off;
  driver_.read_counters();
  return counters_;
}

bool Device::on_interrupt() {
  const auto events = driver_.on_interrupt();
  if (!events) return false;
  if (events->receive) scheduler().wake(readers_, 1);
  if (events->transmit) scheduler().wake(writers_, 1);
  if (events->link) link_changed();
  return true;
}

Events Device::listen(Events events) {
  const Events there = driver_.listen(events);
  if (there.link) link_changed();
  return there;
}

void Device::link_changed() {
  ++counters_.link_changes;
  scheduler().wake(link_watchers_, UINT32_MAX);
  scheduler().wake(writers_, UINT32_MAX);
}

}  // namespace toro::network
