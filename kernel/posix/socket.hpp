// Sockets of the Internet, as POSIX has them, on the stacks of the machine's interfaces.
#pragma once

#include <optional>

#include "kernel/network/interface.hpp"
#include "kernel/posix/any_socket.hpp"
#include "kernel/posix/syscall.hpp"

namespace toro::posix {

/// Belongs to one interface from the first call on that needs one: its functions are carried to that one's core.
/// Threads of any core.
class Socket final : public AnySocket, inet::Observer {
 public:
  /// Error::no_memory.
  [[nodiscard]] static filesystem::Result<Socket*> create(SocketType type);

  // Stream's.
  [[nodiscard]] FileResult read(std::span<const IoVector> to) override { return receive(to, 0, nullptr, nullptr); }
  [[nodiscard]] FileResult write(std::span<const IoVector> from) override { return send(from, 0, std::nullopt); }
  [[nodiscard]] FileResult control(std::uint32_t request, void* argument) override;
  [[nodiscard]] Events poll(inet::Watch* watch) override;
  void unwatch(inet::Watch& watch) override;
  void close() override;

  // AnySocket's; socket_addresses.cpp has those that take addresses, socket_options.cpp the last two.
  [[nodiscard]] FileResult bind(GivenAddress local) override;
  [[nodiscard]] FileResult listen(std::int32_t backlog) override;
  [[nodiscard]] filesystem::Result<AnySocket*> accept_any() override;
  [[nodiscard]] FileResult connect(GivenAddress remote) override;
  [[nodiscard]] FileResult send(std::span<const IoVector> from, std::uint32_t flags, GivenAddress to) override;
  [[nodiscard]] FileResult receive(std::span<const IoVector> to, std::uint32_t flags, WantedAddress from,
                                   std::size_t& size) override;
  [[nodiscard]] FileResult shutdown(std::uint32_t how) override;
  [[nodiscard]] FileResult local_address(WantedAddress to) override;
  [[nodiscard]] FileResult remote_address(WantedAddress to) override;
  [[nodiscard]] FileResult set_option(std::uint32_t level, std::uint32_t name,
                                      std::span<const std::byte> value) override;
  [[nodiscard]] FileResult option(std::uint32_t level, std::uint32_t name, std::span<std::byte> value) override;

  [[nodiscard]] FileResult bind(inet::Endpoint local);
  [[nodiscard]] filesystem::Result<Socket*> accept();
  /// Nothing: the socket is no longer connected.
  [[nodiscard]] FileResult connect(std::optional<inet::Endpoint> remote);
  [[nodiscard]] FileResult send(std::span<const IoVector> from, std::uint32_t flags, std::optional<inet::Endpoint> to);
  /// `from`, and of a datagram its whole `size`, may be null.
  [[nodiscard]] FileResult receive(std::span<const IoVector> to, std::uint32_t flags, inet::Endpoint* from,
                                   std::size_t* size);
  [[nodiscard]] inet::Endpoint local();
  [[nodiscard]] std::optional<inet::Endpoint> remote();
  [[nodiscard]] SocketType type() const { return type_; }
  WhenKilled when_killed = WhenKilled::goes_on;
  /// Nanoseconds; 0: none.
  void set_receive_timeout(std::uint64_t timeout) { options_.receive_timeout = timeout; }
  void set_send_timeout(std::uint64_t timeout) { options_.send_timeout = timeout; }

  // socket_options.cpp
  /// What went wrong since somebody asked.
  [[nodiscard]] std::optional<inet::Error> take_error();

 private:
  explicit Socket(SocketType type) : type_(type) {}
  friend Socket* inet::make<Socket>(SocketType&);
  friend void inet::dispose<Socket>(Socket*);
  ~Socket() = default;

  /// What went before a stream was connected or listened, and is to count then.
  struct Options {
    bool reuse_address = false;
    bool reuse_port = false;
    bool broadcast = false;
    bool no_delay = false;
    std::optional<std::uint32_t> linger;  ///< seconds
    inet::TcpKeepAlive keep_alive;
    std::uint64_t receive_timeout = 0;  ///< nanoseconds; 0: none
    std::uint64_t send_timeout = 0;
  };

  [[nodiscard]] inet::Interface& interface();
  void choose_interface(inet::Ipv4Address local, inet::Ipv4Address remote);
  [[nodiscard]] bool has_interface() const { return interface_.load(std::memory_order_acquire) != nullptr; }
  [[nodiscard]] inet::Reuse reuse() const;
  [[nodiscard]] bool is_free_at_others(inet::Endpoint local);
  template <class F>
  auto run(F f);
  template <class F>
  FileResult until_done(bool waits, std::uint64_t timeout, F attempt);
  [[nodiscard]] FileResult wait_to_reach(inet::Ipv4Address remote);
  [[nodiscard]] bool may_wait(std::uint32_t flags) const { return !is_non_blocking && (flags & kDoNotWait) == 0; }
  [[nodiscard]] FileResult begin_connection(inet::Stack& stack, inet::Endpoint remote);
  [[nodiscard]] FileResult send_stream(std::span<const IoVector> from, std::uint32_t flags);
  [[nodiscard]] FileResult send_datagram(std::span<const IoVector> from, std::uint32_t flags,
                                         std::optional<inet::Endpoint> to);
  [[nodiscard]] FileResult receive_stream(std::span<const IoVector> to, std::uint32_t flags);
  [[nodiscard]] FileResult receive_datagram(std::span<const IoVector> to, std::uint32_t flags, inet::Endpoint* from,
                                            std::size_t* size);
  [[nodiscard]] inet::UdpSocket* datagram_socket(inet::Stack& stack);
  void apply_options();
  [[nodiscard]] Events readiness() const;
  void changed() override { watches_.raise(); }

  SocketType type_;
  std::atomic<inet::Interface*> interface_ = nullptr;
  // While nobody else is at the interface:
  inet::WatchList watches_;
  Options options_;
  inet::Endpoint bound_;  ///< of a stream that is neither connected nor listens
  inet::UdpSocket* datagrams_ = nullptr;
  inet::TcpListener* listener_ = nullptr;
  inet::TcpConnection* connection_ = nullptr;
  bool is_connecting_ = false;  ///< nobody was told how that ended
};

/// The interface that has an address, or whose neighbours have, or that has a way to everybody; else the first.
[[nodiscard]] inet::Interface& interface_for(inet::Ipv4Address local, inet::Ipv4Address remote);

}  // namespace toro::posix
