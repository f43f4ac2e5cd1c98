// Stands between the debugger's TCP connection and the stub's unix socket, and knows at any time who is talking.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "sdk/cli/broker/break_in.hpp"
#include "sdk/cli/broker/debugger_port.hpp"
#include "sdk/cli/broker/greeting.hpp"
#include "sdk/cli/broker/packet_tracker.hpp"
#include "sdk/cli/broker/protocol_log.hpp"
#include "sdk/cli/broker/qmp.hpp"
#include "sdk/cli/broker/table_query.hpp"
#include "sdk/cli/host/outlet.hpp"
#include "sdk/cli/host/socket.hpp"

namespace toro::cli {

struct BrokerOptions {
  std::uint16_t port = 0;
  std::filesystem::path stub_socket;
  std::filesystem::path protocol_log;  ///< empty: none
  /// The kernel's stub: break in by NMI where it does not answer, and keep from a debugger what was said to another
  /// one. QEMU's own stub needs no such help.
  bool break_in = true;
};

/// What either says passes as it is. The stub's socket is connected while a debugger is: QEMU tells the guest of both,
/// so that a debugger that goes without a word resumes the guest.
class Broker final : public DebuggerPort {
 public:
  /// `say` gets sentences for the user. Throws Failure when the port is in use.
  Broker(EventLoop& loop, Qmp& monitor, const BrokerOptions& options, std::function<void(const std::string&)> say);

  [[nodiscard]] std::uint16_t port() const override { return listener_.port; }
  [[nodiscard]] bool stub_has_answered() const override { return stub_has_answered_; }
  void guest_printed() override { break_in_.guest_printed(); }
  void ask_table(const std::string& table, TableServer::Answer answer) override;

 private:
  struct Session {
    FileDescriptor debugger;
    FileDescriptor stub;
    std::unique_ptr<Outlet> to_debugger;
    std::unique_ptr<Outlet> to_stub;
    Registration from_debugger;
    Registration from_stub;
    PacketTracker debugger_items;
    PacketTracker stub_items;
    std::string held;  ///< the debugger's bytes that wait for an NMI or for the greeting's answer
  };

  void accept();
  void begin_session(FileDescriptor debugger);
  void turn_away();
  void reach_stub();
  void debugger_readable();
  void stub_readable();
  void greet();
  void forward_to_stub(std::string_view bytes);
  void forward_held();
  void set_timer(BreakIn::Timer wish);
  void timer_fired();
  void close_session();
  void begin_query();
  void take_answer(PacketTracker::Item item, std::string_view bytes);
  void refuse_questions(std::string_view sentence);
  [[nodiscard]] std::string why_no_table() const;

  struct Question {
    std::string table;
    TableServer::Answer answer;
  };

  EventLoop& loop_;
  BrokerOptions options_;
  std::function<void(const std::string&)> say_;
  Listener listener_;
  Registration acceptable_;
  Qmp& monitor_;
  ProtocolLog log_;
  BreakIn break_in_;
  Greeting greeting_;
  TableQuery query_;
  std::deque<Question> questions_;  ///< the first is the one that query_ asks, while that is open
  Registration timer_;
  Registration retry_;
  Registration closing_;
  FileDescriptor newcomer_;  ///< waits for a moment: the debugger before it may be about to be seen to go
  Registration newcomer_time_;
  std::unique_ptr<Session> session_;
  bool stub_has_answered_ = false;
};

}  // namespace toro::cli
