// Sockets of AF_VSOCK on the machine's socket device. [vsock(7)]
#pragma once

#include "kernel/network/vsock/device.hpp"
#include "kernel/posix/any_socket.hpp"

namespace toro::posix {

/// A stream. Its functions are carried to the device's core. Threads of any core.
class VsockSocket final : public AnySocket, inet::Observer {
 public:
  explicit VsockSocket(vsock::Device& device) : device_(device) {}

  // Stream's.
  [[nodiscard]] FileResult read(std::span<const IoVector> to) override;
  [[nodiscard]] FileResult write(std::span<const IoVector> from) override { return send(from, 0, {}); }
  [[nodiscard]] FileResult control(std::uint32_t request, void* argument) override;
  [[nodiscard]] Events poll(inet::Watch* watch) override;
  void unwatch(inet::Watch& watch) override;
  void close() override;

  // AnySocket's.
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

 private:
  template <class F>
  FileResult until_done(bool waits, std::uint64_t timeout, F attempt);
  [[nodiscard]] bool may_wait(std::uint32_t flags) const { return !is_non_blocking && (flags & kDoNotWait) == 0; }
  [[nodiscard]] FileResult bind_to(vsock::Streams& streams, std::uint32_t port);
  [[nodiscard]] FileResult begin_connection(vsock::Streams& streams, vsock::Address remote);
  [[nodiscard]] Events readiness();
  void changed() override { watches_.raise(); }

  vsock::Device& device_;
  // Used on the device's core alone:
  inet::WatchList watches_;
  vsock::Port* port_ = nullptr;
  vsock::Connection* connection_ = nullptr;
  bool is_connecting_ = false;  ///< nobody was told how that ended
  std::uint64_t connect_timeout_ = 10 * inet::kSecond;
  std::uint64_t receive_timeout_ = 0;  ///< nanoseconds; 0: none
  std::uint64_t send_timeout_ = 0;
};

}  // namespace toro::posix
