#include <doctest/doctest.h>

#include "tests/unit/gdbstub/fake_target.hpp"

using namespace toro::gdbstub;
using namespace toro::gdbstub::test;

TEST_CASE("session: acknowledgements") {
  FakeTarget target;
  FakeTransport transport;
  Session session(target, transport);
  const auto feed = [&](std::string_view bytes) {
    for (const char byte : bytes) session.receive(byte);
    return transport.take();
  };
  session.stopped({.thread = ThreadId{1}});
  CHECK(transport.take() == "");
  CHECK(feed(framed("qAttached")) == "+" + framed("1"));
  CHECK(feed("+") == "");
  CHECK(feed("-") == framed("1"));
  CHECK(feed("$qAttached#00") == "-");
  CHECK(feed("$" + std::string(0x10000, 'm') + "#00") == "+" + framed("E07"));
  // The answer itself is still acknowledged, nothing after it.
  CHECK(feed(framed("QStartNoAckMode")) == "+" + framed("OK"));
  CHECK(feed("+" + framed("qAttached")) == framed("1"));
  CHECK(feed("-") == "");
  CHECK(feed("$qAttached#00") == framed("1"));
  CHECK(feed("$" + std::string(0x10000, 'm') + "#00") == framed("E07"));
}

TEST_CASE("session: the largest packet promised is taken, and answered") {
  Bench bench;
  char head[32];
  std::snprintf(head, sizeof head, "X1000,%zx:", kPacketSize - 16);
  CHECK(bench.ask(std::string(head) + std::string(kPacketSize - 16, 'a')) == "OK");
  CHECK(bench.target.memory[kPacketSize - 17] == std::byte{'a'});
  CHECK(bench.ask("m1000,2000").size() == 0x4000);
  CHECK(bench.ask("m1000,4000").size() == 0x8000);
  CHECK(bench.ask("m1000,ffffffffffff").size() <= kReplySize);
}

TEST_CASE("session: no stop reply unless one is awaited") {
  Bench bench;
  CHECK(bench.session.attached());
  CHECK(bench.ask("c") == "<none>");
  CHECK(bench.session.next() == Next::resume);
  CHECK(bench.session.awaited());
  bench.session.stopped({.reason = StopReason::step, .thread = ThreadId{1}});
  CHECK(bench.transport.take().starts_with("$T05"));
  // A second reason for the same standstill, and an idle 0x03: nobody waits.
  bench.session.stopped({.reason = StopReason::interrupt, .thread = ThreadId{1}});
  bench.feed("\x03");
  CHECK(bench.transport.take() == "");
}

TEST_CASE("session: backwards, where the target can") {
  Bench bench;
  CHECK(bench.ask("bc") == "");
  CHECK(bench.ask("qSupported").find("Reverse") == std::string::npos);
  bench.target.reverses = true;
  CHECK(bench.ask("qSupported").ends_with(";ReverseStep+;ReverseContinue+"));
  CHECK(bench.ask("bs") == "<none>");
  CHECK(bench.session.request().action == ResumeAction::reverse_step);
  bench.session.stopped({.reason = StopReason::step, .thread = ThreadId{1}});
  CHECK(bench.transport.take().starts_with("$T05"));
  CHECK(bench.ask("bc") == "<none>");
  CHECK(bench.session.request().action == ResumeAction::reverse_run);
  bench.session.stopped({.reason = StopReason::recording_begins, .thread = ThreadId{1}});
  CHECK(bench.transport.take().find("replaylog:begin;") != std::string::npos);
}

TEST_CASE("session: while the machine runs") {
  Bench bench;
  bench.ask("c");
  using WhileRunning = Session::WhileRunning;
  CHECK(bench.session.receive_while_running('+') == WhileRunning::ignored);
  CHECK(bench.session.receive_while_running('\x03') == WhileRunning::break_in);
  bench.session.stopped({.reason = StopReason::interrupt, .signal = Signal::interrupt, .thread = ThreadId{2}});
  CHECK(bench.transport.take().starts_with("$T02"));
  // A packet instead of a break-in comes from somebody new, who is not waiting.
  bench.ask("c");
  CHECK(bench.session.receive_while_running('$') == WhileRunning::packet);
  bench.session.stopped({.thread = ThreadId{1}});
  CHECK(bench.transport.take() == "");
  CHECK(bench.ask("?").starts_with("T05"));
}

TEST_CASE("session: leaving removes breakpoints and forgets what was agreed") {
  for (const bool detach : {true, false}) {
    Bench bench;
    bench.ask("Z0,1000,1");
    bench.ask("Z2,2000,8");
    bench.ask("QThreadSuffixSupported");
    if (detach) {
      CHECK(bench.ask("D") == "OK");
    } else {
      bench.session.disconnected();
    }
    CHECK(bench.session.next() == Next::detach);
    CHECK(!bench.session.attached());
    CHECK(bench.target.software.empty());
    CHECK(bench.target.hardware.dr7() == x86_64::kDr7Disabled);
    // Again, with acknowledgements as at first.
    bench.session.stopped({.thread = ThreadId{1}});
    bench.transport.take();
    bench.feed(framed("?"));
    const std::string reply = bench.transport.take();
    CHECK(reply.starts_with("+$T05"));
    CHECK(reply.find("hexname") == std::string::npos);
  }
}

TEST_CASE("session: a broker that says that another debugger speaks") {
  Bench bench;
  bench.ask("QThreadSuffixSupported");
  bench.ask("Hg2");
  bench.ask("Z0,1000,1");
  // The answer still belongs to the mode of the one before, what follows to the mode in which everybody begins.
  CHECK(bench.ask("QToroSession:1f") == "1f");
  CHECK(bench.target.software.empty());
  CHECK(bench.session.next() == Next::serve);
  bench.transport.sent.clear();
  bench.feed(framed("qC"));
  CHECK(bench.transport.take() == "+" + framed("QC1"));
  CHECK(bench.ask("vCont;s:2").starts_with("E.resume."));
  CHECK(bench.ask("QToroSession:") == "E22");
  CHECK(bench.ask("QToroSession:x") == "E22");
}

TEST_CASE("session: the end of the machine") {
  Bench bench;
  bench.session.exited(7);
  CHECK(bench.transport.take() == "");
  bench.ask("c");
  bench.session.exited(7);
  CHECK(bench.transport.take() == framed("W07"));
  CHECK(bench.ask("k") == "X09");
  CHECK(bench.session.next() == Next::power_off);
  CHECK(bench.ask("vKill;1") == "OK");
  CHECK(bench.ask("R00") == "<none>");
  CHECK(bench.session.next() == Next::restart);
}

TEST_CASE("session: packets to connect, list 32 threads and step four times stay within the budget") {
  // What GDB 13.1 and LLDB 22 send, with every answer that saves them a question; figures from their runs.
  Bench bench;
  bench.target.thread_count = 32;
  unsigned replies = 0;
  for (const std::string_view packet :
       {"qSupported:multiprocess+;swbreak+;hwbreak+;vContSupported+", "vMustReplyEmpty", "QStartNoAckMode", "Hg0",
        "qXfer:features:read:target.xml:0,3fff", "qTStatus", "?", "qXfer:threads:read::0,3fff", "qAttached", "Hc-1",
        "qOffsets", "g", "qSymbol::"}) {
    bench.ask(packet);
    ++replies;
  }
  CHECK(bench.ask("qXfer:threads:read::0,3fff").front() == 'l');
  CHECK(bench.ask("qXfer:features:read:target.xml:0,3fff").front() == 'l');
  for (int i = 0; i < 4; ++i) {
    CHECK(bench.ask("vCont;s:1") == "<none>");
    bench.session.stopped({.reason = StopReason::step, .thread = ThreadId{1}});
    const std::string stop = bench.transport.take();
    for (const std::string_view key : {"06:", "07:", "10:", "11:", "thread:1;"})
      CHECK(stop.find(key) != std::string::npos);
  }
  CHECK(replies <= 19);
  bench.ask("QThreadSuffixSupported");
  bench.ask("QListThreadsInStopReply");
  const std::string threads = bench.ask("jThreadsInfo");
  CHECK(threads.find("\"tid\":32") != std::string::npos);
  const std::string stop = bench.ask("?");
  CHECK(stop.find("threads:1,2,3") != std::string::npos);
  CHECK(stop.find("thread-pcs:1000,2000") != std::string::npos);
}
