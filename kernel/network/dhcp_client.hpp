// A DHCP client: gets a configuration for its stack, and keeps it. [RFC 2131 4.4]
#pragma once

#include <optional>

#include "kernel/network/dhcp_message.hpp"
#include "kernel/network/environment.hpp"
#include "kernel/network/observer.hpp"
#include "kernel/network/timers.hpp"
#include "kernel/network/udp.hpp"

namespace toro::inet {

class DhcpClient final : public Observer {
 public:
  enum class State : std::uint8_t { off, selecting, requesting, bound, renewing, rebinding };

  explicit DhcpClient(Stack& stack);
  ~DhcpClient() { stop(); }
  DhcpClient(const DhcpClient&) = delete;
  DhcpClient& operator=(const DhcpClient&) = delete;

  void start();
  void stop();
  /// Another has the address that was given: gives it back, and asks for one anew, a while later. [RFC 2131 3.1 5]
  void decline();
  [[nodiscard]] State state() const { return state_; }

 private:
  void changed() override;
  void input(const DhcpReply& reply);
  void take_ack(const DhcpReply& reply);
  void select();
  void select_later();
  void ask(DhcpType type);
  void send(const DhcpQuestion& question, Ipv4Address to);
  void expire();
  void wait(std::uint64_t deadline);
  void retry();

  Stack& stack_;
  std::optional<UdpSocket> socket_;
  State state_ = State::off;
  DhcpReply offer_;
  std::uint32_t transaction_ = 0;
  std::uint64_t began_ = 0;
  unsigned tries_ = 0;
  std::uint64_t renew_at_ = 0;
  std::uint64_t rebind_at_ = 0;
  std::uint64_t ends_at_ = 0;
  bool reads_ = false;
  Timer timer_{this, [](void* client) { static_cast<DhcpClient*>(client)->expire(); }};
};

}  // namespace toro::inet
