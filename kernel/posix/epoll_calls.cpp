// epoll's system calls, and what native services have of it.
#include <algorithm>
#include <array>

#include "kernel/include/toro/detail/poller.hpp"
#include "kernel/network/environment.hpp"
#include "kernel/posix/console_input.hpp"
#include "kernel/posix/epoll.hpp"
#include "kernel/posix/event_calls.hpp"
#include "kernel/posix/socket.hpp"
#include "kernel/posix/time.hpp"

namespace toro::posix {
namespace {

using filesystem::failure;

constexpr std::uint32_t kCloseOnExec = 02000000;
constexpr auto kNotPermitted = filesystem::Error::not_permitted;

struct HeldEpoll {
  Descriptor descriptor;
  static filesystem::Result<HeldEpoll> find(std::int32_t number) {
    HeldEpoll epoll{TRY(Descriptor::find(number))};
    const Stream* const stream = epoll.descriptor.stream();
    if (stream == nullptr || stream->kind() != StreamKind::epoll) return failure(filesystem::Error::invalid);
    return epoll;
  }
  Epoll* operator->() const { return static_cast<Epoll*>(descriptor.stream()); }
};

FileResult create(std::uint32_t flags) {
  if ((flags & ~kCloseOnExec) != 0) return failure(filesystem::Error::invalid);
  auto descriptor = TRY(NewDescriptor::reserve());
  auto* const epoll = inet::make<Epoll>();
  if (epoll == nullptr) return failure(filesystem::Error::no_memory);
  return descriptor.open(*epoll, (flags & kCloseOnExec) != 0);
}

}  // namespace

FileResult call_epoll_create(SyscallFrame& frame) {
  if (frame.value<std::int32_t>(0) <= 0) return failure(filesystem::Error::invalid);
  return create(0);
}
FileResult call_epoll_create1(SyscallFrame& frame) {
  return create(frame.value<std::uint32_t>(0));
}

FileResult call_epoll_ctl(SyscallFrame& frame) {
  enum Operation : std::uint32_t { kAdd = 1, kDelete = 2, kModify = 3 };
  const auto descriptor = TRY(Descriptor::find(frame.value<std::int32_t>(2)));
  const HeldEpoll epoll = TRY(HeldEpoll::find(frame.value<std::int32_t>(0)));
  Stream* const stream = pollable(descriptor);
  if (stream == nullptr) return failure(kNotPermitted);
  if (stream == epoll.descriptor.stream()) return failure(filesystem::Error::invalid);
  const auto* const event = frame.pointer<const EpollEvent>(3);
  switch (frame.value<std::uint32_t>(1)) {
    case kAdd:
      return epoll->add(*stream, *event);
    case kModify:
      return epoll->change(*stream, *event);
    case kDelete:
      return epoll->remove(*stream);
    default:
      return failure(filesystem::Error::invalid);
  }
}

FileResult call_epoll_wait(SyscallFrame& frame) {
  const auto most = frame.value<std::int32_t>(2);
  const auto milliseconds = frame.value<std::int32_t>(3);
  if (most <= 0) return failure(filesystem::Error::invalid);
  const HeldEpoll epoll = TRY(HeldEpoll::find(frame.value<std::int32_t>(0)));
  std::uint64_t deadline = milliseconds == 0 ? 0 : process::kNoDeadline;
  if (milliseconds > 0) deadline = deadline_after(static_cast<std::uint64_t>(milliseconds) * inet::kMillisecond);
  return epoll->wait({frame.pointer<EpollEvent>(1), static_cast<std::size_t>(most)}, deadline, WhenKilled::goes_on);
}

}  // namespace toro::posix

namespace toro::detail {
namespace {

posix::Epoll& epoll_of(void* epoll) {
  return *static_cast<posix::Epoll*>(epoll);
}
SocketResult<> done(const posix::FileResult& result) {
  if (!result) return std::unexpected(static_cast<SocketError>(result.error()));
  return {};
}
posix::EpollEvent event_of(std::uint32_t events, void* context) {
  return {events, reinterpret_cast<std::uintptr_t>(context)};
}

}  // namespace

SocketResult<Poller> Poller::create() {
  auto* const epoll = inet::make<posix::Epoll>();
  if (epoll == nullptr) return std::unexpected(SocketError::no_memory);
  return Poller(epoll);
}
Poller::~Poller() {
  if (epoll_ != nullptr) posix::let_go(epoll_of(epoll_));
}

SocketResult<> Poller::add(const SocketHandle& socket, std::uint32_t events, void* context) {
  return done(epoll_of(epoll_).add(*socket.socket_, event_of(events, context)));
}
void Poller::change(const SocketHandle& socket, std::uint32_t events, void* context) {
  static_cast<void>(epoll_of(epoll_).change(*socket.socket_, event_of(events, context)));
}

SocketResult<std::size_t> Poller::wait(std::span<Ready> ready, std::uint64_t deadline) {
  std::array<posix::EpollEvent, 32> events;
  const auto count = epoll_of(epoll_).wait(std::span(events).first(std::min(events.size(), ready.size())), deadline,
                                           posix::WhenKilled::gives_up);
  if (!count) return std::unexpected(SocketError::interrupted);
  const auto found = static_cast<std::size_t>(*count);
  for (std::size_t i = 0; i < found; ++i) ready[i] = {events[i].events, reinterpret_cast<void*>(events[i].data)};
  return found;
}

}  // namespace toro::detail
