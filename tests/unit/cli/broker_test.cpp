// Packet boundaries and the decision to break in.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "sdk/cli/broker/break_in.hpp"
#include "sdk/cli/broker/greeting.hpp"
#include "sdk/cli/broker/packet_tracker.hpp"
#include "sdk/cli/broker/table_json.hpp"
#include "sdk/cli/broker/table_query.hpp"

using namespace toro::cli;
using Item = PacketTracker::Item;
using Timer = BreakIn::Timer;
using Items = std::vector<std::pair<Item, std::string>>;

namespace {

Items items_of(const std::vector<std::string>& pieces) {
  PacketTracker tracker;
  Items items;
  for (const auto& piece : pieces)
    tracker.push(piece, [&](Item item, std::string_view bytes) { items.emplace_back(item, bytes); });
  return items;
}

}  // namespace

TEST_CASE("a packet is whole after its checksum") {
  CHECK(items_of({"$qC#b4"}) == Items{{Item::packet, "$qC#b4"}});
  CHECK(items_of({"$qC#b"}).empty());
  CHECK(items_of({"$", "q", "C", "#", "b", "4"}) == Items{{Item::packet, "$qC#b4"}});
}

TEST_CASE("acknowledgements, packets and interrupts keep their order") {
  CHECK(items_of({"+$c#63\x03-"}) == Items{{Item::acknowledgement, "+"},
                                           {Item::packet, "$c#63"},
                                           {Item::interrupt, "\x03"},
                                           {Item::acknowledgement, "-"}});
}

TEST_CASE("0x03 inside of a packet is data") {
  CHECK(items_of({"$X0,1:\x03#00"}) == Items{{Item::packet, "$X0,1:\x03#00"}});
  CHECK(items_of({"$X0,1:#\x03\x03"}) == Items{{Item::packet, "$X0,1:#\x03\x03"}});
}

TEST_CASE("a notification is told apart from a packet") {
  CHECK(items_of({"%Stop:T05#aa"}) == Items{{Item::notification, "%Stop:T05#aa"}});
}

TEST_CASE("a dollar sign inside of a packet begins a new one") {
  CHECK(items_of({"$m10$g#67"}) == Items{{Item::noise, "$m10"}, {Item::packet, "$g#67"}});
}

TEST_CASE("other bytes outside of packets are noise") {
  CHECK(items_of({"x"}) == Items{{Item::noise, "x"}});
}

TEST_CASE("an endless packet takes bounded memory") {
  PacketTracker tracker;
  std::string chunk(64 * 1024, 'a');
  std::size_t longest = 0;
  auto note = [&](Item, std::string_view bytes) { longest = std::max(longest, bytes.size()); };
  tracker.push("$", note);
  for (int i = 0; i < 100; ++i) tracker.push(chunk, note);
  CHECK(tracker.inside_packet());
  tracker.push("#00", note);
  CHECK_FALSE(tracker.inside_packet());
  CHECK(longest <= 1024 * 1024);
}

TEST_CASE("payload") {
  CHECK(payload_of("$vCont;c#a8") == "vCont;c");
  CHECK(payload_of("$#00").empty());
  CHECK(payload_of("").empty());
}

TEST_CASE("an interrupt that the stub answers needs no NMI") {
  BreakIn break_in;
  break_in.connected();
  break_in.stub_sent(Item::packet, "$T05#b9");
  CHECK(break_in.debugger_sent(Item::packet, "$vCont;c#a8") == Timer::stop);
  CHECK(break_in.running());
  CHECK(break_in.debugger_sent(Item::interrupt, "\x03") == Timer::start);
  CHECK(break_in.stub_sent(Item::packet, "$T02#b6") == Timer::stop);
  CHECK_FALSE(break_in.running());
  CHECK_FALSE(break_in.timer_fired());
}

TEST_CASE("an interrupt that nobody answers becomes one NMI, and the debugger waits for it") {
  BreakIn break_in;
  break_in.connected();
  break_in.stub_sent(Item::packet, "$OK#9a");
  break_in.debugger_sent(Item::packet, "$c#63");
  CHECK(break_in.debugger_sent(Item::interrupt, "\x03") == Timer::start);
  CHECK(break_in.timer_fired());
  CHECK(break_in.holding());
  CHECK_FALSE(break_in.timer_fired());
  CHECK(break_in.injected() == Timer::start);
  CHECK_FALSE(break_in.holding());
}

TEST_CASE("an NMI to no effect is followed by another one") {
  BreakIn break_in;
  break_in.connected();
  break_in.guest_printed();
  break_in.debugger_sent(Item::packet, "$qSupported#37");
  for (int i = 0; i < 3; ++i) {
    CHECK(break_in.timer_fired());
    CHECK(break_in.injected() == Timer::start);
  }
  CHECK(break_in.timer_fired());
  CHECK(break_in.stub_sent(Item::packet, "$PacketSize=4000#00") == Timer::stop);
  CHECK(break_in.injected() == Timer::unchanged);
  CHECK_FALSE(break_in.timer_fired());
}

TEST_CASE("an interrupt of a stopped guest is nobody's business") {
  BreakIn break_in;
  break_in.connected();
  break_in.stub_sent(Item::packet, "$T05#b9");
  CHECK(break_in.debugger_sent(Item::interrupt, "\x03") == Timer::unchanged);
  CHECK_FALSE(break_in.timer_fired());
}

TEST_CASE("acknowledging a resume does not answer an interrupt") {
  BreakIn break_in;
  break_in.connected();
  break_in.stub_sent(Item::packet, "$T05#b9");
  break_in.debugger_sent(Item::packet, "$c#63");
  break_in.debugger_sent(Item::interrupt, "\x03");
  CHECK(break_in.stub_sent(Item::acknowledgement, "+") == Timer::unchanged);
  CHECK(break_in.timer_fired());
}

TEST_CASE("a guest that never gave a sign gets no NMI: it may have no interrupt table yet") {
  BreakIn break_in;
  break_in.connected();
  CHECK(break_in.debugger_sent(Item::packet, "$qSupported#37") == Timer::start);
  CHECK_FALSE(break_in.timer_fired());
  CHECK(break_in.awaiting());
  break_in.guest_printed();
  CHECK(break_in.timer_fired());
}

TEST_CASE("a detach resumes: what comes next is the next debugger's") {
  BreakIn break_in;
  break_in.connected();
  break_in.stub_sent(Item::packet, "$T05#b9");
  CHECK(break_in.debugger_sent(Item::packet, "$D#44") == Timer::stop);
  CHECK(break_in.running());
  break_in.connected();
  CHECK_FALSE(break_in.running());
}

TEST_CASE("what was said to the debugger before is not for this one") {
  Greeting greeting;
  for (const auto* number : {"1", "2"}) {
    CAPTURE(number);
    greeting.connected();
    CHECK(greeting.silent());
    CHECK_FALSE(greeting.passes(Item::packet, "$T05#b9"));
    auto packet = greeting.begin();
    CHECK(items_of({packet}).front().first == Item::packet);
    CHECK(payload_of(packet) == std::string("QToroSession:") + number);
    CHECK(greeting.waiting());
    CHECK_FALSE(greeting.passes(Item::packet, "$T05#b9"));
    CHECK_FALSE(greeting.passes(Item::acknowledgement, "+"));
    CHECK_FALSE(greeting.passes(Item::packet, "$9#39"));
    CHECK(greeting.waiting());
    CHECK_FALSE(greeting.passes(Item::packet, std::string("$") + number + "#00"));
    CHECK_FALSE(greeting.waiting());
    CHECK(greeting.passes(Item::acknowledgement, "+"));
    CHECK(greeting.passes(Item::packet, "$T05#b9"));
  }
}

TEST_CASE("a stub that knows no greeting is greeted all the same") {
  Greeting greeting;
  greeting.connected();
  static_cast<void>(greeting.begin());
  CHECK_FALSE(greeting.passes(Item::packet, "$#00"));
  CHECK(greeting.passes(Item::packet, "$T05#b9"));
}

TEST_CASE("a question of the broker's own is asked piece by piece") {
  TableQuery query;
  CHECK(query.begin("cores") == framed("qXfer:osdata:read:cores:0,3000"));
  CHECK(query.open());
  CHECK(query.take(Item::acknowledgement, "+").empty());
  CHECK(query.take(Item::packet, framed("mab}\x03")) == "+" + framed("qXfer:osdata:read:cores:3,3000"));
  CHECK(query.take(Item::packet, framed("lc")) == "+");
  CHECK_FALSE(query.open());
  CHECK(query.succeeded());
  CHECK(query.document() == "ab#c");
  static_cast<void>(query.begin("none"));
  CHECK(query.take(Item::packet, framed("E00")) == "+");
  CHECK_FALSE(query.open());
  CHECK_FALSE(query.succeeded());
}

TEST_CASE("a table becomes JSON") {
  CHECK(table_json("t",
                   "<osdata><item><column name=\"a b\">1 &lt; 2 &amp;amp;</column><column name=\"c\"></column></item>"
                   "<item></item><item><column name=\"cut") ==
        R"({"table":"t","rows":[{"a b":"1 < 2 &amp;","c":""},{}]})");
  CHECK(table_json("", "no table") == R"({"table":"","rows":[]})");
  CHECK(table_error_json("x\"", "why") == R"({"table":"x\"","error":"why"})");
}
