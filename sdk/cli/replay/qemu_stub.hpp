// QEMU's own stub, asked by this tool: one question, one answer. [GDB manual, appendix E; QEMU 7.2 gdbstub/gdbstub.c]
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/cli/broker/packet_tracker.hpp"
#include "sdk/cli/broker/protocol_log.hpp"
#include "sdk/cli/host/file_descriptor.hpp"

namespace toro::cli {

class QemuStub {
 public:
  /// A register as its `g` packet has it.
  struct Register {
    std::string name;
    std::size_t number, offset, size;
  };

  /// `log` must live as long.
  explicit QemuStub(ProtocolLog& log) : log_(log) {}
  /// Takes over a connected socket, in place of the one before; QEMU has stopped the guest by then.
  void connect(FileDescriptor socket);
  void disconnect() { socket_ = {}; }

  [[nodiscard]] bool connected() const { return static_cast<bool>(socket_); }
  [[nodiscard]] int descriptor() const { return socket_.get(); }
  [[nodiscard]] const std::vector<Register>& registers() const { return registers_; }

  /// Blocks until the answer is there, while the guest stands. Empty: none came, or it knows no such packet.
  [[nodiscard]] std::string ask(std::string_view payload);
  /// The same, where the answer is the next stop: take() has it, some time.
  void send(std::string_view payload);
  /// Stops the guest, which it answers as any other stop.
  void interrupt();
  /// What QEMU's monitor says to a command, while the guest stands.
  std::string monitor(std::string_view command);
  /// How many instructions of the recording have run.
  [[nodiscard]] std::uint64_t instructions();
  /// Blocks until an answer is there.
  [[nodiscard]] std::string await();
  /// An answer that has come, without waiting; empty where none has.
  [[nodiscard]] std::string take();
  /// QEMU has ended, and all that it had said is taken.
  [[nodiscard]] bool gone() const { return ended_ && answers_.empty(); }

 private:
  void write(std::string_view bytes);
  void read();
  /// Of the documents that describe the target, one after the other.
  void read_description(const std::string& document);

  FileDescriptor socket_;
  ProtocolLog& log_;
  PacketTracker items_;
  std::deque<std::string> answers_;
  std::vector<Register> registers_;
  bool ended_ = false;
};

}  // namespace toro::cli
