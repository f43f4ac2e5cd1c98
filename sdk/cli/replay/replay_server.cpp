#include "sdk/cli/replay/replay_server.hpp"

#include <poll.h>

#include <charconv>
#include <format>

#include "sdk/cli/broker/table_json.hpp"
#include "sdk/cli/dump/dumped_table.hpp"

namespace toro::cli {

using gdbstub::Next;
using gdbstub::ResumeAction;

ReplayServer::ReplayServer(EventLoop& loop, const BrokerOptions& options, const tables::Anchor& anchor,
                           std::function<void(const std::string&)> say, std::function<void()> again)
    : loop_(loop),
      options_(options),
      say_(std::move(say)),
      again_(std::move(again)),
      log_(options.protocol_log),
      listener_(listen_on_loopback(options.port, "debugger port")),
      target_(stub_, anchor, again_ != nullptr) {
  acceptable_ = loop_.watch(listener_.socket.get(), POLLIN, [this](short) { accept(); });
}

void ReplayServer::accept() {
  if (closing_) return;  // in a moment
  auto client = accept_client(listener_.socket);
  if (!client) return;
  if (debugger_)
    return say_(std::format("a debugger was turned away: debugger port 127.0.0.1:{} is in use by another one", port()));
  debugger_ = std::move(client);
  log_.note("", "debugger connected");
  reach_stub();
}

void ReplayServer::reach_stub() {
  constexpr std::chrono::milliseconds kInterval{2};
  auto socket = connect_unix(options_.stub_socket);
  if (!socket) {
    // QEMU is still starting; if it never does, the run ends and this with it.
    retry_ = loop_.after(kInterval, [this] { reach_stub(); });
    return;
  }
  stub_.connect(std::move(socket));
  if (!debugger_) return leave();
  from_stub_ = loop_.watch(stub_.descriptor(), POLLIN, [this](short) { stub_readable(); });
  if (rewind_) return begin_pass();
  line_ = std::make_unique<DebuggerLine>(loop_, debugger_.get(), log_, [this] { close(); });
  session_ = std::make_unique<gdbstub::Session>(target_, *line_);
  session_->stopped(target_.stopped({}, {}));
  from_debugger_ = loop_.watch(debugger_.get(), POLLIN, [this](short) { debugger_readable(); });
}

void ReplayServer::debugger_readable() {
  const auto bytes = line_->take();
  if (!bytes) return close();
  for (const char byte : *bytes) hear(byte);
}

void ReplayServer::hear(char byte) {
  if (closing_) return;
  if (!held_.empty()) {
    held_ += byte;
  } else if (!running_) {
    session_->receive(byte);
    stub_has_answered_ = true;
    act();
  } else {
    switch (session_->receive_while_running(byte)) {
      case gdbstub::Session::WhileRunning::ignored:
        return;
      case gdbstub::Session::WhileRunning::packet:
        held_ = byte;
        break;
      case gdbstub::Session::WhileRunning::break_in:
        break;
    }
    // Between two passes there is nothing to interrupt: they end soon.
    if (stub_.connected()) stub_.interrupt();
  }
}

/// What the debugger wants, other than answers.
void ReplayServer::act() {
  switch (session_->next()) {
    case Next::serve:
      return;
    case Next::resume:
      running_ = true;
      if (const auto action = session_->request().action;
          action != ResumeAction::reverse_run && action != ResumeAction::reverse_step)
        return stub_.send(QemuTarget::words_of(action));
      return go_back();
    case Next::power_off:
      stub_.send("k");
      return close();
    case Next::detach:
    case Next::restart:
      return close();
  }
}

void ReplayServer::go_back() {
  const auto now = stub_.instructions();
  const bool searches = session_->request().action == ResumeAction::reverse_run;
  begin_anew({.limit = searches || now == 0 ? now : now - 1, .searches = searches});
}

void ReplayServer::begin_anew(const Rewind& rewind) {
  rewind_ = rewind;
  from_stub_.reset();
  stub_.disconnect();
  again_();
  reach_stub();
}

void ReplayServer::begin_pass() {
  if (rewind_->searches) target_.put_breakpoints_in();
  if (rewind_->limit == 0) return pass_ended({});
  static_cast<void>(stub_.monitor(std::format("replay_break {}", rewind_->limit)));
  stub_.send("c");
}

void ReplayServer::pass_ended(const std::string& said) {
  constexpr std::string_view kPaused = "T02";  // at the limit, or by the debugger's wish
  const bool wished = rewind_->limit != 0 && said.starts_with(kPaused) && stub_.instructions() < rewind_->limit;
  if (!rewind_->searches) {
    target_.put_breakpoints_in();
    return stand(rewind_->limit == 0 ? "E" : wished ? said : rewind_->said);
  }
  if (wished) return stand(said);
  if (!said.empty() && !said.starts_with(kPaused) && stub_.instructions() < rewind_->limit) {
    // A watchpoint stops behind the instruction that it is met in: on the way back, that is before it.
    rewind_->met = stub_.instructions() - (said.contains("watch:") ? 1 : 0);
    rewind_->said = said;
    target_.take_breakpoints_out();
    static_cast<void>(stub_.ask("s"));
    target_.put_breakpoints_in();
    if (stub_.instructions() < rewind_->limit) return stub_.send("c");
  }
  begin_anew({.limit = rewind_->met, .searches = false, .said = rewind_->said});
}

void ReplayServer::stand(const std::string& said) {
  running_ = false;
  rewind_.reset();
  session_->stopped(target_.stopped(session_->request(), said));
  for (const char byte : std::exchange(held_, {})) hear(byte);
}

void ReplayServer::stub_readable() {
  const auto said = stub_.take();
  if (running_ && said.starts_with('W')) {
    unsigned status = 0;
    std::from_chars(said.data() + 1, said.data() + said.size(), status, 16);
    session_->exited(static_cast<std::uint8_t>(status));
    return close();
  }
  if (running_ && !said.empty()) rewind_ ? pass_ended(said) : stand(said);
  if (stub_.gone()) close();
}

void ReplayServer::ask_table(const std::string& table, TableServer::Answer answer) {
  if (!session_ || closing_)
    return answer(table_error_json(table, "a debugger that has stopped the guest was expected: none is connected"));
  if (running_)
    return answer(
        table_error_json(table, "a guest that stands was expected: this one runs, stop it in the debugger first"));
  answer(dumped_table_json(target_, table));
}

void ReplayServer::close() {
  if (closing_) return;
  log_.note("", "debugger gone");
  from_debugger_.reset();
  from_stub_.reset();
  // The line may be what called: it must not be destroyed under its own feet.
  closing_ = loop_.after(std::chrono::milliseconds(0), [this] {
    if (line_) line_->drain();
    session_.reset();
    line_.reset();
    debugger_ = {};
    held_.clear();
    // A QEMU that is on its way comes to reach_stub(), which leaves it then.
    if (stub_.connected()) leave();
    closing_.reset();
  });
}

/// The guest goes on without a debugger.
void ReplayServer::leave() {
  if (!stub_.gone()) {
    if (std::exchange(running_, false)) {
      stub_.interrupt();
      static_cast<void>(stub_.await());
    }
    target_.remove_all_breakpoints();
    static_cast<void>(stub_.ask("D"));
  }
  running_ = false;
  rewind_.reset();
  stub_.disconnect();
}

}  // namespace toro::cli
