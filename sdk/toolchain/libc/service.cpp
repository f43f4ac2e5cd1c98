// Calls the handlers of connections. It is the application's code, so that handlers may throw.
#include <toro/service.hpp>

#include <array>
#include <new>

namespace toro {

using detail::Poller;
using detail::SocketHandle;

namespace {

constexpr std::size_t kBuffer = 16384;  // bytes that a handler gets at once

Poller make_poller() {
  auto poller = Poller::create();
  if (!poller) throw std::bad_alloc();
  return std::move(*poller);
}

}  // namespace

struct Service::Listener final : detail::Watched {
  Listener(Service& s, SocketHandle handle, Make m, std::uint64_t most)
      : service(s), socket(std::move(handle)), make(std::move(m)), left(most) {}
  void ready(std::uint32_t) override { service.accept(*this); }

  Service& service;
  SocketHandle socket;
  Make make;
  std::uint64_t left;  ///< connections that it is still to take in
};

void Connection::send(std::string_view bytes) {
  if (state_ == State::closing || state_ == State::ended) return;
  if (pending_.empty() && state_ == State::open) {
    const auto sent = socket_->send(std::as_bytes(std::span(bytes)), std::nullopt);
    if (!sent && sent.error() != SocketError::again) return;  // it is told when it is looked at next
    bytes.remove_prefix(sent.value_or(0));
  }
  pending_ += bytes;
  watch();
}

void Connection::close() {
  if (state_ == State::ended) return;
  const bool is_made = state_ != State::connecting;
  state_ = State::closing;
  if (!is_made || pending_.empty())
    end();
  else
    watch();
}

void Connection::set_timeout(std::chrono::nanoseconds timeout) {
  timeout_ = timeout.count() > 0 ? static_cast<std::uint64_t>(timeout.count()) : 0;
  arm(timeout_ == 0 ? 0 : detail::now() + timeout_);
}

std::optional<Endpoint> Connection::remote() const {
  return socket_ ? socket_->remote() : std::nullopt;
}

/// An entry that is too early stays, and is moved when it is due: each byte received would move it.
void Connection::arm(std::uint64_t deadline) {
  deadline_ = deadline;
  if (timer_ && (deadline == 0 || (*timer_)->first > deadline)) {
    service_->timers_.erase(*timer_);
    timer_.reset();
  }
  if (deadline != 0 && !timer_) timer_ = service_->timers_.emplace(deadline, this);
}

void Connection::expire(std::uint64_t now) {
  timer_.reset();
  const bool is_due = deadline_ <= now;
  if (is_due) deadline_ = timeout_ == 0 ? 0 : now + timeout_;
  arm(deadline_);
  if (is_due && state_ == State::open) on_timeout();
}

void Connection::watch() {
  std::uint32_t events = 0;
  if (state_ == State::connecting || !pending_.empty()) events |= Poller::kOut;
  if (state_ == State::open && !(answers_ && pending_.size() > kMostPending)) events |= Poller::kIn;
  if (events != watched_) service_->poller_.change(*socket_, events, static_cast<Watched*>(this));
  watched_ = events;
}

void Connection::end() {
  if (state_ == State::ended) return;
  state_ = State::ended;
  arm(0);
  socket_.reset();
  service_->ended_.splice(service_->ended_.end(), service_->connections_, place_);
}

void Connection::ready(std::uint32_t events) {
  if (state_ == State::ended) return;
  if (state_ == State::connecting) {
    const auto error = socket_->take_error();
    state_ = error ? State::closing : State::open;
    if (error) {
      on_connect_failed(*error);
      return end();
    }
    on_connect();
  }
  if ((events & (Poller::kOut | Poller::kError | Poller::kHangUp)) != 0) flush();
  if (state_ == State::open && (events & (Poller::kIn | Poller::kError | Poller::kHangUp)) != 0) receive();
  if (state_ != State::ended) watch();
}

/// One part: the others get their turn.
void Connection::receive() {
  const std::span buffer(service_->buffer_.get(), kBuffer);
  const auto received = socket_->receive(std::as_writable_bytes(buffer));
  if (!received && received.error() == SocketError::again) return;
  if (received && received->size != 0) {
    if (timeout_ != 0) arm(detail::now() + timeout_);
    const std::size_t before = pending_.size();
    on_receive({buffer.data(), received->size});
    answers_ |= pending_.size() > before;
    return;
  }
  on_close();
  if (!received) pending_.clear();
  close();
}

void Connection::flush() {
  if (!pending_.empty()) {
    const auto sent = socket_->send(std::as_bytes(std::span(pending_)), std::nullopt);
    if (sent)
      pending_.erase(0, *sent);
    else if (sent.error() != SocketError::again)
      pending_.clear();
  }
  if (!pending_.empty()) return;
  answers_ = false;
  if (state_ == State::closing) end();
}

Service::Service() : poller_(make_poller()), buffer_(std::make_unique_for_overwrite<char[]>(kBuffer)) {}
Service::~Service() = default;

SocketResult<> Service::listen(Endpoint local, Make make, std::uint64_t most) {
  auto socket = SocketHandle::create(SocketHandle::Kind::stream);
  if (!socket) return std::unexpected(socket.error());
  constexpr std::uint16_t kBacklog = 1024;
  auto listens = detail::unless_killed(socket->bind(local)).and_then([&] { return socket->listen(kBacklog); });
  if (!listens) return listens;
  socket->set_waits(SocketHandle::Waits::no);
  auto listener = std::make_unique<Listener>(*this, std::move(*socket), std::move(make), most);
  const auto added = poller_.add(listener->socket, Poller::kIn, static_cast<detail::Watched*>(listener.get()));
  if (added) listeners_.push_back(std::move(listener));
  return added;
}

Connection& Service::add(std::unique_ptr<Connection> connection, SocketHandle socket, Connection::State state) {
  Connection& added = *connection;
  added.service_ = this;
  added.state_ = state;
  added.socket_.emplace(std::move(socket));
  added.place_ = connections_.insert(connections_.end(), std::move(connection));
  added.watched_ = state == Connection::State::connecting ? Poller::kOut : Poller::kIn;
  if (!poller_.add(*added.socket_, added.watched_, static_cast<detail::Watched*>(&added))) {
    added.end();
    throw std::bad_alloc();
  }
  return added;
}

void Service::accept(Listener& listener) {
  while (listener.left != 0 && !is_stopped_) {
    auto socket = listener.socket.accept();
    if (!socket) return;
    if (listener.left != kUnlimited) --listener.left;
    socket->set_waits(SocketHandle::Waits::no);
    add(listener.make(), std::move(*socket), Connection::State::open).on_accept();
  }
}

void Service::stop_listening() {
  for (const auto& listener : listeners_) listener->left = 0;
}

void Service::connect(Endpoint remote, std::unique_ptr<Connection> connection) {
  auto socket = SocketHandle::create(SocketHandle::Kind::stream);
  if (!socket) throw std::bad_alloc();
  socket->set_waits(SocketHandle::Waits::no);
  const auto begun = socket->connect(remote);
  Connection& made = add(std::move(connection), std::move(*socket), Connection::State::connecting);
  if (begun || begun.error() == SocketError::in_progress) return;
  made.on_connect_failed(begun.error());
  made.end();
}

void Service::expire_timers() {
  const std::uint64_t now = detail::now();
  while (!timers_.empty() && timers_.begin()->first <= now && !is_stopped_) {
    Connection& connection = *timers_.begin()->second;
    timers_.erase(timers_.begin());
    connection.expire(now);
  }
}

void Service::run() {
  std::array<Poller::Ready, 32> ready;
  for (is_stopped_ = false;;) {
    listeners_.remove_if([](const auto& listener) { return listener->left == 0; });
    if (is_stopped_ || (listeners_.empty() && connections_.empty())) return;
    const std::uint64_t deadline = timers_.empty() ? detail::kForever : timers_.begin()->first;
    const auto count = detail::unless_killed(poller_.wait(ready, deadline));
    for (const auto& one : std::span(ready).first(count.value_or(0)))
      if (!is_stopped_) static_cast<detail::Watched*>(one.context)->ready(one.events);
    expire_timers();
    ended_.clear();  // not before: `ready` may have named them
  }
}

}  // namespace toro
