// One debugger's conversation: bytes in, packets out, and what the machine is to do next.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "gdbstub/protocol/dialog.hpp"
#include "gdbstub/protocol/packet_reader.hpp"

namespace toro::gdbstub {

class Session {
 public:
  Session(Target& target, Transport& transport)
      : reader_(input_), dialog_{.target = target, .transport = transport, .reply = Reply(output_)} {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// The machine stands still. Tells the client, if it waits for that and only then. [GDB RSP, Stop Reply Packets]
  void stopped(const StopEvent& event);
  /// Feeds one byte while the machine stands still. Afterwards next() says whether it still does.
  void receive(char byte);
  /// What the client wants, other than being served. Valid until stopped().
  [[nodiscard]] Next next() const { return dialog_.next; }
  [[nodiscard]] const ResumeRequest& request() const { return dialog_.request; }

  enum class WhileRunning : std::uint8_t { ignored, break_in, packet };
  /// Judges one byte that came while the machine ran: a break-in is consumed, a packet's first byte is to be given to
  /// receive() after stopped(), and has ended any waiting for a stop: whoever sends it is not waiting.
  [[nodiscard]] WhileRunning receive_while_running(char byte);

  /// The machine ends of its own accord, with this status. Tells a client that waits. [GDB RSP, Stop Reply, "W"]
  void exited(std::uint8_t status);
  /// The line was closed, or the client detached: everything agreed on is forgotten, and its breakpoints removed.
  void disconnected();

  /// Whether a client has spoken and not left.
  [[nodiscard]] bool attached() const { return attached_; }
  /// Whether a client waits for a stop reply.
  [[nodiscard]] bool awaited() const { return awaited_; }

 private:
  void answer(std::string_view payload);
  void acknowledge(char sign);
  void send();

  // Not zeroed at boot: nothing is read before it was written.
  std::array<char, kPacketSize> input_;
  std::array<char, kReplySize> output_;
  PacketReader reader_;
  Dialog dialog_;
  bool attached_ = false;
  bool awaited_ = false;
  bool sent_ = false;  ///< the reply buffer holds the last packet, to send again
};

}  // namespace toro::gdbstub
