// Servers and clients without a thread for each connection: a Service calls a connection's handlers when something
// happens to it.
#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "toro/detail/poller.hpp"

namespace toro {

class Service;

namespace detail {

/// Something that a Service waits for.
class Watched {
 public:
  virtual ~Watched() = default;
  virtual void ready(std::uint32_t events) = 0;
};

}  // namespace detail

/// One connection of a service: derive from it, override what is of interest, and keep there what belongs to the
/// connection. All is called by the thread that runs the service, one after another: a handler that waits lets all
/// others wait. The object is destroyed soon after the connection has ended.
class Connection : detail::Watched {
 public:
  ~Connection() override = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // For handlers, of this connection and of others of the service.

  /// What the other side does not take yet is kept. While that is more than kMostPending bytes, and on_receive() sent
  /// of it, nothing is received: who does not read the answers gets no more of them.
  void send(std::string_view bytes);
  void send(std::span<const std::byte> bytes) {
    send(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  /// No handler is called any more; what was sent is still delivered.
  void close();
  /// on_timeout() is called when nothing has been received for so long; 0: never.
  void set_timeout(std::chrono::nanoseconds timeout);
  [[nodiscard]] std::optional<Endpoint> remote() const;
  /// Bytes that were sent and are kept.
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }

  static constexpr std::size_t kMostPending = 65536;

 protected:
  Connection() = default;
  [[nodiscard]] Service& service() const { return *service_; }

  virtual void on_accept() {}
  virtual void on_connect() {}
  /// The connection is closed.
  virtual void on_connect_failed(SocketError) {}
  /// `bytes` are gone when it returns. How they are cut says nothing about how they were sent.
  virtual void on_receive(std::string_view bytes) = 0;
  virtual void on_timeout() { close(); }
  /// The other side sends no more, or cannot be reached any more. It may still be sent to: then it is closed.
  virtual void on_close() {}

 private:
  friend class Service;
  enum class State : std::uint8_t { connecting, open, closing, ended };

  void ready(std::uint32_t events) override;
  void receive();
  void flush();
  void end();
  void watch();
  void arm(std::uint64_t deadline);
  void expire(std::uint64_t now);

  Service* service_ = nullptr;
  std::optional<detail::SocketHandle> socket_;
  std::list<std::unique_ptr<Connection>>::iterator place_;
  State state_ = State::open;
  std::uint32_t watched_ = 0;
  std::string pending_;
  bool answers_ = false;        ///< on_receive() sent of what is pending
  std::uint64_t timeout_ = 0;   ///< nanoseconds
  std::uint64_t deadline_ = 0;  ///< nanoseconds since boot
  std::optional<std::multimap<std::uint64_t, Connection*>::iterator> timer_;
};

/// Waits for all of its connections at once, and calls their handlers. Belongs to the thread that runs it.
class Service {
 public:
  using Make = std::function<std::unique_ptr<Connection>()>;

  Service();
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  static constexpr std::uint64_t kUnlimited = UINT64_MAX;

  /// Each connection to `local` is what `make` returns; after `most` of them none is taken in any more. Waits until the
  /// interface has its address. Errors: address_in_use, address_not_available.
  [[nodiscard]] SocketResult<> listen(Endpoint local, Make make, std::uint64_t most = kUnlimited);
  template <std::derived_from<Connection> C>
  [[nodiscard]] SocketResult<> listen(Endpoint local, std::uint64_t most = kUnlimited) {
    return listen(local, [] { return std::make_unique<C>(); }, most);
  }
  /// Begins a connection; on_connect() or on_connect_failed() tells how that ended.
  void connect(Endpoint remote, std::unique_ptr<Connection> connection);

  /// Calls handlers until stop(), or until there is nothing to listen to and no connection. What a handler throws ends
  /// it too, and arrives here.
  void run();
  /// For handlers: no connections are taken in any more; run() returns when those that there are have ended.
  void stop_listening();
  /// For handlers: run() returns after the one that is called.
  void stop() { is_stopped_ = true; }

 private:
  friend class Connection;
  struct Listener;

  Connection& add(std::unique_ptr<Connection> connection, detail::SocketHandle socket, Connection::State state);
  void accept(Listener& listener);
  void expire_timers();

  detail::Poller poller_;
  std::list<std::unique_ptr<Listener>> listeners_;
  std::list<std::unique_ptr<Connection>> connections_;
  std::list<std::unique_ptr<Connection>> ended_;
  std::multimap<std::uint64_t, Connection*> timers_;
  std::unique_ptr<char[]> buffer_;
  bool is_stopped_ = false;
};

}  // namespace toro
