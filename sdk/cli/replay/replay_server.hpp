// Serves a guest that QEMU records or replays, and its own stub holds, by the protocol of the kernel's stub: with the
// kernel's threads and tables, forwards and backwards.
#pragma once

#include <memory>
#include <optional>

#include "gdbstub/protocol/session.hpp"
#include "sdk/cli/broker/broker.hpp"
#include "sdk/cli/dump/debugger_line.hpp"
#include "sdk/cli/replay/image_anchor.hpp"
#include "sdk/cli/replay/qemu_target.hpp"

namespace toro::cli {

class ReplayServer final : public DebuggerPort {
 public:
  /// `say` gets sentences for the user. `again` starts QEMU anew, at the recording's beginning; where there is none,
  /// the guest goes forwards alone. Throws Failure when the port is in use.
  ReplayServer(EventLoop& loop, const BrokerOptions& options, const tables::Anchor& anchor,
               std::function<void(const std::string&)> say, std::function<void()> again);

  [[nodiscard]] std::uint16_t port() const override { return listener_.port; }
  [[nodiscard]] bool stub_has_answered() const override { return stub_has_answered_; }
  void ask_table(const std::string& table, TableServer::Answer answer) override;

 private:
  /// On the way back: QEMU 7.2 hangs soon after it has gone to an earlier place itself, so that it is started anew and
  /// goes forwards up to there.
  struct Rewind {
    std::uint64_t limit;       ///< how many instructions this pass runs; 0: none, there is no further back
    bool searches;             ///< for the last breakpoint before the limit; the next pass goes to it
    std::uint64_t met = 0;     ///< where that was
    std::string said = "T05";  ///< and what QEMU said of it
  };

  void accept();
  void reach_stub();
  void debugger_readable();
  void stub_readable();
  void hear(char byte);
  void act();
  void go_back();
  void begin_anew(const Rewind& rewind);
  void begin_pass();
  void pass_ended(const std::string& said);
  void stand(const std::string& said);
  void close();
  void leave();

  EventLoop& loop_;
  BrokerOptions options_;
  std::function<void(const std::string&)> say_;
  std::function<void()> again_;
  ProtocolLog log_;
  Listener listener_;
  Registration acceptable_;
  FileDescriptor debugger_;
  Registration from_debugger_;
  Registration from_stub_;
  Registration retry_;
  Registration closing_;
  QemuStub stub_{log_};
  QemuTarget target_;
  std::unique_ptr<DebuggerLine> line_;
  std::unique_ptr<gdbstub::Session> session_;
  std::string held_;      ///< what a debugger said while the guest ran, but for a break-in
  bool running_ = false;  ///< the debugger is owed the news of a stop
  std::optional<Rewind> rewind_;
  bool stub_has_answered_ = false;
};

}  // namespace toro::cli
