// The broker's I/O; what it decides lies in PacketTracker and BreakIn.
#include "sdk/cli/broker/broker.hpp"

#include <poll.h>

#include <array>
#include <cerrno>
#include <format>

#include "sdk/cli/broker/table_json.hpp"

namespace toro::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAnswerTime{250};   ///< a guest that has not answered by then gets an NMI
constexpr milliseconds kReachInterval{2};  ///< between attempts to reach a stub whose QEMU is starting
constexpr milliseconds kLastWords{100};
constexpr milliseconds kLeavingTime{200};  ///< for a debugger that has gone to be seen to
constexpr std::size_t kReadSize = 64 * 1024;

}  // namespace

Broker::Broker(EventLoop& loop, Qmp& monitor, const BrokerOptions& options, std::function<void(const std::string&)> say)
    : loop_(loop),
      options_(options),
      say_(std::move(say)),
      listener_(listen_on_loopback(options.port, "debugger port")),
      monitor_(monitor),
      log_(options.protocol_log) {
  acceptable_ = loop_.watch(listener_.socket.get(), POLLIN, [this](short) { accept(); });
}

void Broker::accept() {
  auto client = accept_client(listener_.socket);
  if (!client) return;
  if (!session_) {
    begin_session(std::move(client));
  } else if (newcomer_) {
    turn_away();
  } else {
    newcomer_ = std::move(client);
    newcomer_time_ = loop_.after(kLeavingTime, [this] {
      newcomer_.reset();
      turn_away();
    });
  }
}

void Broker::turn_away() {
  say_(std::format("a debugger was turned away: debugger port 127.0.0.1:{} is in use by another one", port()));
}

void Broker::begin_session(FileDescriptor debugger) {
  session_ = std::make_unique<Session>();
  session_->debugger = std::move(debugger);
  session_->to_debugger = std::make_unique<Outlet>(loop_, session_->debugger.get(), [this] { close_session(); });
  break_in_.connected();
  greeting_.connected();
  log_.note("", "debugger connected");
  reach_stub();
}

void Broker::reach_stub() {
  session_->stub = connect_unix(options_.stub_socket);
  if (!session_->stub) {
    // QEMU is still starting; if it never does, the run ends and this broker with it.
    retry_ = loop_.after(kReachInterval, [this] { reach_stub(); });
    return;
  }
  session_->to_stub = std::make_unique<Outlet>(loop_, session_->stub.get(), [this] { close_session(); });
  session_->from_stub = loop_.watch(session_->stub.get(), POLLIN, [this](short) { stub_readable(); });
  session_->from_debugger = loop_.watch(session_->debugger.get(), POLLIN, [this](short) { debugger_readable(); });
}

void Broker::debugger_readable() {
  std::array<char, kReadSize> buffer;
  auto count = ::read(session_->debugger.get(), buffer.data(), buffer.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    close_session();
    return;
  }
  std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
  session_->held += bytes;
  if (options_.break_in && greeting_.silent()) greet();
  forward_held();
}

void Broker::greet() {
  auto packet = greeting_.begin();
  log_.note("", std::format("greets the stub: {}", packet));
  set_timer(break_in_.debugger_sent(PacketTracker::Item::packet, packet));
  session_->to_stub->write(packet);
}

void Broker::forward_held() {
  if (break_in_.holding() || greeting_.waiting() || query_.open() || session_->held.empty()) return;
  forward_to_stub(std::exchange(session_->held, {}));
}

void Broker::forward_to_stub(std::string_view bytes) {
  session_->debugger_items.push(bytes, [this](PacketTracker::Item item, std::string_view what) {
    log_.note("debugger", what);
    set_timer(break_in_.debugger_sent(item, what));
  });
  session_->to_stub->write(bytes);
}

void Broker::stub_readable() {
  std::array<char, kReadSize> buffer;
  auto count = ::read(session_->stub.get(), buffer.data(), buffer.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    close_session();
    return;
  }
  std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
  std::string passed;
  session_->stub_items.push(bytes, [&](PacketTracker::Item item, std::string_view what) {
    if (options_.break_in && !greeting_.passes(item, what)) {
      log_.note("", std::format("said before the greeting's answer: {}", what));
      if (!greeting_.waiting() && !greeting_.silent()) set_timer(break_in_.stub_sent(item, what));
      return;
    }
    if (query_.open()) return take_answer(item, what);
    log_.note("stub", what);
    stub_has_answered_ = true;
    set_timer(break_in_.stub_sent(item, what));
    passed += what;
  });
  if (!passed.empty()) session_->to_debugger->write(passed);
  forward_held();
  begin_query();
}

std::string Broker::why_no_table() const {
  if (!options_.break_in) return "the kernel's own stub was expected: QEMU's knows no tables";
  if (!session_ || greeting_.silent()) return "a debugger that has stopped the guest was expected: none is connected";
  if (break_in_.running()) return "a guest that stands was expected: this one runs, stop it in the debugger first";
  return {};
}

void Broker::ask_table(const std::string& table, TableServer::Answer answer) {
  if (const auto why = why_no_table(); !why.empty()) return answer(table_error_json(table, why));
  questions_.push_back({table, std::move(answer)});
  begin_query();
}

/// Between the debugger's questions only: it waits for nothing, and nothing of it is on its way.
void Broker::begin_query() {
  if (questions_.empty() || query_.open()) return;
  if (const auto why = why_no_table(); !why.empty()) return refuse_questions(why);
  if (break_in_.awaiting() || break_in_.holding() || greeting_.waiting() || session_->debugger_items.inside_packet())
    return;
  auto packet = query_.begin(questions_.front().table);
  log_.note("", std::format("asks the stub: {}", packet));
  session_->to_stub->write(packet);
}

void Broker::take_answer(PacketTracker::Item item, std::string_view bytes) {
  log_.note("", std::format("was answered: {}", printable(bytes)));
  if (const auto more = query_.take(item, bytes); !more.empty()) session_->to_stub->write(more);
  if (query_.open()) return;
  const auto question = std::move(questions_.front());
  questions_.pop_front();
  question.answer(query_.succeeded()
                      ? table_json(question.table, query_.document())
                      : table_error_json(question.table, "the name of a table was expected: an empty line lists them"));
}

void Broker::refuse_questions(std::string_view sentence) {
  for (const auto& question : std::exchange(questions_, {}))
    question.answer(table_error_json(question.table, sentence));
}

void Broker::set_timer(BreakIn::Timer wish) {
  if (wish == BreakIn::Timer::unchanged || !options_.break_in) return;
  timer_.reset();
  if (wish == BreakIn::Timer::start) timer_ = loop_.after(kAnswerTime, [this] { timer_fired(); });
}

void Broker::timer_fired() {
  if (!session_) return;
  if (!break_in_.timer_fired()) {
    if (break_in_.awaiting()) set_timer(BreakIn::Timer::start);
    return;
  }
  log_.note("", "no answer: NMI");
  // One round through QEMU's main loop first: it takes the debugger's connection and bytes, which lie there already, to
  // the guest, so that the NMI finds them.
  monitor_.execute("query-status", [this](bool) {
    monitor_.execute("inject-nmi", [this](bool) {
      set_timer(break_in_.injected());
      if (session_ && session_->to_stub) forward_held();
    });
  });
}

void Broker::close_session() {
  log_.note("", "debugger gone");
  timer_.reset();
  retry_.reset();
  // An outlet of the session may be what called: it must not be destroyed under its own feet.
  session_->from_debugger.reset();
  session_->from_stub.reset();
  closing_ = loop_.after(milliseconds(0), [this] {
    // The last words count: the reply to a kill, the request to detach.
    session_->to_debugger->drain(kLastWords);
    if (session_->to_stub) session_->to_stub->drain(kLastWords);
    session_.reset();
    query_ = {};
    refuse_questions("a debugger that has stopped the guest was expected: it has gone");
    newcomer_time_.reset();
    if (newcomer_) begin_session(std::exchange(newcomer_, {}));
  });
}

}  // namespace toro::cli
