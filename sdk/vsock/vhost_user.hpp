// The machine monitor's end of the device: memory, queues and configuration come over a unix socket. [QEMU
// docs/interop/vhost-user]
#pragma once

#include <functional>
#include <span>

#include "sdk/vsock/bridge.hpp"

namespace toro::bridge {

class VhostUser {
 public:
  VhostUser(EventLoop& loop, FileDescriptor socket, Bridge& bridge);

  /// The monitor is gone.
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  struct Message;

  void readable();
  /// False: it has no answer.
  [[nodiscard]] bool handle(Message& message);
  void set_memory(const Message& message);
  [[nodiscard]] Ring& ring(std::uint32_t index);
  void set_kick(Message& message);
  void answer(const Message& message);

  EventLoop& loop_;
  FileDescriptor socket_;
  Bridge& bridge_;
  Registration ready_;
  std::vector<GuestMemory> replaced_;  ///< the guest's, and mapped as long as buffers may lie there
  std::uint64_t protocol_features_ = 0;
  bool ended_ = false;
};

}  // namespace toro::bridge
