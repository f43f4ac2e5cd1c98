// TCP's states and what they make of each segment, as a table. [RFC 9293 3.10.7, RFC 5961]
#include <doctest/doctest.h>

#include <map>

#include "tests/unit/stack/world.hpp"

namespace toro::inet {
namespace {

using enum TcpState;
constexpr std::uint8_t F = TcpHeader::kFin, S = TcpHeader::kSyn, R = TcpHeader::kRst, P = TcpHeader::kPsh,
                       A = TcpHeader::kAck;

const Endpoint kPeer{{{10, 0, 0, 9}}, 4000};
constexpr Sequence kPeerFirst{0x7fffff00};  // goes over the middle, and is far from 0

/// A host with one connection to a peer that is played by hand, without options.
struct Played {
  World world;
  World::Host& host = world.add().configured();
  TcpListener listener{host.stack.tcp(), nullptr};
  TcpConnection* connection = nullptr;
  std::uint16_t port = 80;
  Sequence next = kPeerFirst;         ///< of the peer's numbers
  Sequence acknowledged;              ///< of ours
  std::optional<std::uint32_t> time;  ///< of the peer's clock, where it sends timestamps

  Played() { meet(); }
  /// The peer's address is known from now on.
  void meet() {
    const ArpPacket request{.operation = ArpPacket::kRequest,
                            .sender_mac = {{2, 0, 0, 0, 0, 99}},
                            .sender = kPeer.address,
                            .target = host.address()};
    host.stack.input(frame_of(kBroadcastMac, request.sender_mac, EthernetHeader::kArp, bytes_of(request)));
    host.sent.clear();
  }
  ~Played() {
    if (connection != nullptr) connection->abort();
  }

  void say(std::uint8_t flags, Sequence sequence, Sequence ack, std::size_t size = 0, std::uint16_t window = 65535) {
    struct {
      std::uint8_t padding[2]{TcpOption::kNoOperation, TcpOption::kNoOperation};
      std::uint8_t kind = TcpOption::kTimestamps, length = 10;
      Big32 value, echo;
    } option;
    const std::size_t options = time ? sizeof option : 0;
    option.value = time.value_or(0);
    std::vector<std::byte> segment(sizeof(TcpHeader) + options + size, std::byte{'x'});
    std::memcpy(segment.data() + sizeof(TcpHeader), &option, options);
    const TcpHeader header{.source = kPeer.port,
                           .destination = port,
                           .sequence = sequence.value,
                           .acknowledgment = (flags & A) != 0 ? ack.value : 0,
                           .words = static_cast<std::uint8_t>((sizeof(TcpHeader) + options) / 4 << 4),
                           .flags = flags,
                           .window = window};
    std::memcpy(segment.data(), &header, sizeof header);
    Checksum sum;
    sum.add_pseudo_header(kPeer.address, host.address(), Protocol::tcp, segment.size());
    sum.add(segment);
    header_of<TcpHeader>(MutableBytes(segment))->checksum = sum.value();
    host.sent.clear();
    host.stack.input(
        packet_of({.protocol = Protocol::tcp, .source = kPeer.address, .destination = host.address()}, segment));
  }

  /// The flags of what was sent last, without PSH; 0: nothing.
  [[nodiscard]] std::uint8_t flags_sent() const {
    const auto segment = last();
    return segment ? static_cast<std::uint8_t>(segment->flags & ~P) : std::uint8_t{0};
  }
  [[nodiscard]] std::optional<TcpSegment> last() const {
    if (host.sent.empty()) return std::nullopt;
    const auto packet = parse_ipv4(Bytes(host.sent.back()).subspan(sizeof(EthernetHeader)));
    REQUIRE(packet.has_value());
    const auto segment = parse_tcp(packet->header->source, packet->header->destination, packet->payload);
    REQUIRE(segment.has_value());
    return *segment;
  }

  /// How many segments were sent since the peer spoke.
  [[nodiscard]] std::size_t segments() const {
    return static_cast<std::size_t>(std::ranges::count_if(host.sent, [](const Frame& frame) {
      return header_of<EthernetHeader>(Bytes(frame))->type == EthernetHeader::kIpv4;
    }));
  }

  void passive() {
    REQUIRE(listener.listen({kAnyAddress, port}, 4).has_value());
    say(S, next, {});
    REQUIRE_EQ(flags_sent(), S | A);
    acknowledged = last()->end();
    next += 1;
  }
  void enter(TcpState state) {
    if (state == syn_sent) {
      const auto made = host.stack.tcp().connect({}, kPeer, nullptr);
      REQUIRE(made.has_value());
      connection = *made;
      port = connection->local().port;
      REQUIRE_EQ(flags_sent(), S);
      acknowledged = last()->end();
      return;
    }
    passive();
    if (state == syn_received) return;
    say(A, next, acknowledged);
    const auto accepted = listener.accept();
    REQUIRE(accepted.has_value());
    connection = *accepted;
    if (state == established) return;
    if (state == close_wait || state == last_ack) {
      say(F | A, next, acknowledged);
      next += 1;
    }
    if (state == close_wait) return;
    host.sent.clear();
    connection->shutdown_sending();
    REQUIRE_EQ(flags_sent(), F | A);
    if (state == fin_wait_1) return;
    if (state == fin_wait_2 || state == time_wait) {
      acknowledged += 1;
      say(A, next, acknowledged);
    }
    if (state == closing || state == time_wait) {
      say(F | A, next, acknowledged);
      next += 1;
    }
  }
  /// Closed where there is none.
  [[nodiscard]] TcpState state() const {
    if (connection != nullptr) return connection->state();
    return host.stack.tcp().connections() == 0 ? closed : syn_received;
  }
};

constexpr TcpState kSynchronized[] = {syn_received, established, fin_wait_1, fin_wait_2,
                                      close_wait,   closing,     last_ack,   time_wait};

TEST_CASE("each state can be reached") {
  for (const TcpState state :
       {syn_sent, syn_received, established, fin_wait_1, fin_wait_2, close_wait, closing, last_ack, time_wait}) {
    Played played;
    played.enter(state);
    CHECK_EQ(played.state(), state);
  }
}

struct Event {
  const char* what;
  std::uint8_t flags;
  std::int32_t sequence;  ///< beside what the peer sends next
  std::int32_t ack;       ///< beside what the peer acknowledged
  std::size_t size;
  std::uint8_t reply;
};

/// What every synchronized state does, and stays.
const Event kIgnored[] = {
    {"a reset within the window", R, 1, 0, 0, A},
    {"a reset at the window's end", R, 65533, 0, 0, A},  // a FIN took one
    {"a reset before the window", R, -1, 0, 0, 0},
    {"a reset behind the window", R, 10'000'000, 0, 0, 0},
    {"a SYN within the window", S, 5, 0, 0, A},
    {"a SYN and ACK within the window", S | A, 5, 0, 0, A},
    {"data before the window", A, -10, 0, 5, A},
    {"data behind the window", A, 10'000'000, 0, 5, A},
    {"an empty segment behind the window", A, 10'000'000, 0, 0, A},
    {"a keep-alive", A, -1, 0, 0, A},
    {"no ACK", 0, 0, 0, 5, 0},
    {"only a FIN", F, 0, 0, 0, 0},
};

TEST_CASE("what is not in the window, or makes no sense, changes no state") {
  for (const TcpState state : kSynchronized)
    for (const Event& event : kIgnored) {
      if (state == time_wait && event.flags == S) continue;  // it gives way: below
      Played played;
      played.enter(state);
      CAPTURE(static_cast<int>(state));
      CAPTURE(std::string(event.what));
      played.say(event.flags, played.next + static_cast<std::uint32_t>(event.sequence),
                 played.acknowledged + static_cast<std::uint32_t>(event.ack), event.size);
      CHECK_EQ(played.flags_sent(), event.reply);
      CHECK_EQ(played.state(), state);
    }
}

TEST_CASE("an acknowledgment of what was never sent, or long ago, is answered") {
  for (const TcpState state : {established, fin_wait_1, fin_wait_2, close_wait, closing, last_ack, time_wait})
    for (const std::int32_t ack : {100'000, 10, -100'000, -20'000'000}) {
      Played played;
      played.enter(state);
      CAPTURE(static_cast<int>(state));
      CAPTURE(ack);
      played.say(A, played.next, played.acknowledged + static_cast<std::uint32_t>(ack));
      CHECK_EQ(played.flags_sent(), A);
      CHECK_EQ(played.state(), state);
    }
  Played played;  // in SYN-RECEIVED it is reset
  played.enter(syn_received);
  played.say(A, played.next, played.acknowledged + 10);
  CHECK_EQ(played.flags_sent(), R);
  CHECK_EQ(played.last()->sequence, played.acknowledged + 10);
}

TEST_CASE("a reset of exactly the next number ends a connection") {
  for (const TcpState state : kSynchronized) {
    Played played;
    played.enter(state);
    CAPTURE(static_cast<int>(state));
    played.say(R, played.next, {});
    CHECK_EQ(played.flags_sent(), 0);
    CHECK_EQ(played.state(), state == time_wait ? time_wait : closed);  // [RFC 1337]
    if (state == established) CHECK_EQ(played.connection->take_error(), Error::connection_reset);
  }
}

TEST_CASE("data are taken where the peer may still send") {
  const std::map<TcpState, std::size_t> rows{{established, 5}, {fin_wait_1, 5}, {fin_wait_2, 5},
                                             {close_wait, 0},  {closing, 0},    {last_ack, 0}};
  for (const auto& [state, taken] : rows) {
    Played played;
    played.enter(state);
    CAPTURE(static_cast<int>(state));
    played.say(A, played.next, played.acknowledged, 5);
    CHECK_EQ(played.connection->readable_bytes(), taken);
    CHECK_EQ(played.state(), state);
  }
}

TEST_CASE("a FIN moves each state on") {
  struct Row {
    TcpState before;
    bool acknowledges_ours;
    TcpState after;
  };
  for (const Row& row :
       {Row{syn_received, false, close_wait}, Row{established, false, close_wait}, Row{fin_wait_1, false, closing},
        Row{fin_wait_1, true, time_wait}, Row{fin_wait_2, false, time_wait}}) {
    Played played;
    played.enter(row.before);
    CAPTURE(static_cast<int>(row.before));
    played.say(F | A, played.next, played.acknowledged + (row.acknowledges_ours ? 1 : 0));
    CHECK_EQ(played.flags_sent(), A);
    CHECK_EQ(played.last()->acknowledgment, played.next + 1);
    if (row.before == syn_received) {
      const auto accepted = played.listener.accept();
      REQUIRE(accepted.has_value());
      played.connection = *accepted;
    }
    CHECK_EQ(played.state(), row.after);
  }
}

TEST_CASE("an acknowledged FIN moves each state on") {
  for (const auto& [before, after] : {std::pair{fin_wait_1, fin_wait_2}, {closing, time_wait}, {last_ack, closed}}) {
    Played played;
    played.enter(before);
    CAPTURE(static_cast<int>(before));
    played.say(A, played.next, played.acknowledged + 1);
    CHECK_EQ(played.state(), after);
  }
}

TEST_CASE("SYN-SENT takes what answers it, and nothing else") {
  struct Row {
    const char* what;
    std::uint8_t flags;
    std::int32_t ack;
    std::uint8_t reply;
    TcpState after;
  };
  for (const Row& row :
       {Row{"SYN and ACK", S | A, 0, A, established}, Row{"SYN", S, 0, S | A, syn_received},
        Row{"ACK of too little", A, -1, R, syn_sent}, Row{"ACK of too much", A, 1, R, syn_sent},
        Row{"SYN and ACK of too much", S | A, 1, R, syn_sent}, Row{"ACK", A, 0, 0, syn_sent},
        Row{"RST", R, 0, 0, syn_sent}, Row{"RST and ACK of too much", R | A, 1, 0, syn_sent},
        Row{"RST and ACK", R | A, 0, 0, closed}, Row{"FIN", F, 0, 0, syn_sent}, Row{"nothing", 0, 0, 0, syn_sent}}) {
    Played played;
    played.enter(syn_sent);
    CAPTURE(std::string(row.what));
    played.say(row.flags, kPeerFirst, played.acknowledged + static_cast<std::uint32_t>(row.ack));
    CHECK_EQ(played.flags_sent(), row.reply);
    CHECK_EQ(played.state(), row.after);
    if (row.after == closed) CHECK_EQ(played.connection->take_error(), Error::connection_refused);
  }
}

TEST_CASE("both may begin at once") {
  Played played;
  played.enter(syn_sent);
  played.say(S, kPeerFirst, {});
  CHECK_EQ(played.state(), syn_received);
  played.say(A, kPeerFirst + 1, played.acknowledged);
  CHECK_EQ(played.state(), established);
}

TEST_CASE("segments that no connection has are reset, but no resets") {
  struct Row {
    std::uint8_t flags;
    std::uint8_t reply;
  };
  for (const Row& row :
       {Row{A, R}, Row{S, R | A}, Row{F, R | A}, Row{S | A, R}, Row{F | A, R}, Row{R, 0}, Row{R | A, 0}}) {
    Played played;
    CAPTURE(static_cast<int>(row.flags));
    played.say(row.flags, kPeerFirst, {77}, 3);
    CHECK_EQ(played.flags_sent(), row.reply);
    if (row.reply == R) CHECK_EQ(played.last()->sequence, Sequence{77});
    if (row.reply == (R | A))
      CHECK_EQ(played.last()->acknowledgment, kPeerFirst + 3 + ((row.flags & (S | F)) != 0 ? 1 : 0));
  }
}

TEST_CASE("a listener takes a SYN, resets an ACK, and passes over the rest") {
  for (const auto& [flags, reply] : {std::pair{S, std::uint8_t(S | A)},
                                     {A, R},
                                     {std::uint8_t(S | A), R},
                                     {R, std::uint8_t{0}},
                                     {F, std::uint8_t{0}},
                                     {std::uint8_t{0}, std::uint8_t{0}}}) {
    Played played;
    REQUIRE(played.listener.listen({kAnyAddress, 80}, 4).has_value());
    CAPTURE(static_cast<int>(flags));
    played.say(flags, kPeerFirst, {77});
    CHECK_EQ(played.flags_sent(), reply);
  }
}

TEST_CASE("challenges are few in a second") {
  Played played;
  played.enter(established);
  int answered = 0;
  for (int i = 0; i < 1000; ++i) {
    played.say(R, played.next + 1, {});
    if (played.flags_sent() == A) ++answered;
  }
  CHECK_EQ(answered, 10);
}

TEST_CASE("a SYN that comes again is answered again") {
  Played played;
  played.enter(syn_received);
  played.say(S, kPeerFirst, {});
  CHECK_EQ(played.flags_sent(), S | A);
}

TEST_CASE("TIME-WAIT gives way to a newer SYN") {
  Played played;
  played.enter(time_wait);
  played.say(S, played.next + 1000, {});
  CHECK_EQ(played.flags_sent(), S | A);
  CHECK_EQ(played.connection->state(), closed);
}

TEST_CASE("a closed window is probed, with patience, until it opens") {
  Played played;
  played.enter(established);
  played.say(A, played.next, played.acknowledged, 0, 0);
  REQUIRE(played.connection->send(random_bytes(100, 1)).has_value());
  played.host.sent.clear();
  played.world.run(20 * kSecond);
  CHECK_GE(played.segments(), 3);
  CHECK_LE(played.segments(), 8);
  CHECK_EQ(played.last()->payload.size(), 1);
  played.say(A, played.next, played.acknowledged, 0, 1000);
  CHECK_GE(played.flags_sent(), A);
  CHECK_EQ(played.last()->end(), played.acknowledged + 100);
}

/// SYNs of 10,000 that never answer.
void flood(Played& played) {
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const Ipv4Address from{{10, 0, 0, static_cast<std::uint8_t>(20 + i % 200)}};
    TcpHeader header{.source = static_cast<std::uint16_t>(1024 + i), .destination = 80, .sequence = i, .flags = S};
    Checksum sum;
    sum.add_pseudo_header(from, played.host.address(), Protocol::tcp, sizeof header);
    sum.add(bytes_of(header));
    header.checksum = sum.value();
    played.host.stack.input(
        packet_of({.protocol = Protocol::tcp, .source = from, .destination = played.host.address()}, bytes_of(header)));
  }
}

TEST_CASE("nobody's SYN flood fills a listener, or memory") {
  Played played;
  REQUIRE(played.listener.listen({kAnyAddress, 80}, 8).has_value());
  flood(played);
  CHECK_LE(played.host.stack.tcp().connections(), 17);
  played.world.run(600 * kSecond);
  CHECK_EQ(played.host.stack.tcp().connections(), 0);
}

TEST_CASE("while a listener is flooded, a cookie lets others in") {
  Played played;
  REQUIRE(played.listener.listen({kAnyAddress, 80}, 8).has_value());
  flood(played);
  played.meet();
  const std::size_t before = played.host.stack.tcp().connections();
  played.passive();
  CHECK_EQ(played.host.stack.tcp().connections(), before);  // nothing is kept
  SUBCASE("with the cookie") {
    played.world.run(60 * kSecond);
    played.say(A | P, played.next, played.acknowledged, 5);
    const auto accepted = played.listener.accept();
    REQUIRE(accepted.has_value());
    played.connection = *accepted;
    CHECK_EQ(played.connection->state(), established);
    CHECK_EQ(played.connection->readable_bytes(), 5);
    CHECK_EQ(played.connection->mss(), 536);
  }
  SUBCASE("with another") {
    for (const std::uint32_t wrong : {1U, 8U, 256U, 0x10000U}) {
      played.say(A, played.next, played.acknowledged + wrong);
      CHECK_EQ(played.flags_sent(), R);
    }
    CHECK(!played.listener.is_readable());
  }
  SUBCASE("after too long") {
    played.world.run(129 * kSecond);
    played.say(A, played.next, played.acknowledged);
    CHECK_EQ(played.flags_sent(), R);
  }
}

TEST_CASE("a segment of long ago is known by its time") {
  Played played;
  played.time = 1000;
  played.enter(established);
  played.time = 2000;
  played.say(A | P, played.next, played.acknowledged, 5);
  CHECK_EQ(played.connection->readable_bytes(), 5);
  played.next += 5;
  played.time = 1999;
  played.say(A | P, played.next, played.acknowledged, 5);
  CHECK_EQ(played.flags_sent(), A);
  CHECK_EQ(played.last()->timestamps->echo, 2000);
  CHECK_EQ(played.connection->readable_bytes(), 5);
  played.time.reset();  // [RFC 7323 3.2]
  played.say(A | P, played.next, played.acknowledged, 5);
  CHECK_EQ(played.segments(), 0);
  CHECK_EQ(played.connection->readable_bytes(), 5);
  played.world.run(25 * 86400 * kSecond);  // the peer's clock may have gone round
  played.time = 1999;
  played.say(A | P, played.next, played.acknowledged, 5);
  CHECK_EQ(played.connection->readable_bytes(), 10);
}

TEST_CASE("sequence numbers grow for one pair of ends, and tell nothing of others") {
  Played played;
  REQUIRE(played.listener.listen({kAnyAddress, 80}, 4096).has_value());
  const auto first_to = [&](std::uint16_t from) {
    TcpHeader header{.source = from, .destination = 80, .sequence = 1, .flags = S};
    Checksum sum;
    sum.add_pseudo_header(kPeer.address, played.host.address(), Protocol::tcp, sizeof header);
    sum.add(bytes_of(header));
    header.checksum = sum.value();
    played.host.sent.clear();
    played.host.stack.input(packet_of(
        {.protocol = Protocol::tcp, .source = kPeer.address, .destination = played.host.address()}, bytes_of(header)));
    const auto answer = played.last();
    REQUIRE(answer.has_value());
    TcpHeader reset{.source = from, .destination = 80, .sequence = 2, .flags = R};
    Checksum other;
    other.add_pseudo_header(kPeer.address, played.host.address(), Protocol::tcp, sizeof reset);
    other.add(bytes_of(reset));
    reset.checksum = other.value();
    played.host.stack.input(packet_of(
        {.protocol = Protocol::tcp, .source = kPeer.address, .destination = played.host.address()}, bytes_of(reset)));
    return answer->sequence;
  };
  const Sequence before = first_to(4000);
  played.world.run(kSecond);
  CHECK_EQ(distance(before, first_to(4000)), 250'000);  // one in 4 µs [RFC 6528 3]
  unsigned near = 0;
  for (std::uint16_t port = 5000; port < 6000; ++port)
    if (std::abs(first_to(port + 1) - first_to(port)) < 1 << 24) ++near;
  CHECK_LT(near, 30);  // of 1000, 8 by chance
}

TEST_CASE("a peer that is silent is given up") {
  Played played;
  played.enter(established);
  REQUIRE(played.connection->send(random_bytes(100, 1)).has_value());
  const std::uint64_t began = played.world.now();
  CHECK(played.world.run(3600 * kSecond, [&] { return played.state() == closed; }));
  CHECK_EQ(played.connection->take_error(), Error::timed_out);
  CHECK_GE(played.world.now() - began, 100 * kSecond);  // [RFC 9293 3.8.3]
}

TEST_CASE("keep-alive finds out that nobody is there") {
  Played played;
  played.enter(established);
  played.connection->set_keep_alive({.enabled = true, .idle = 60 * kSecond, .interval = 10 * kSecond, .probes = 3});
  played.world.run(59 * kSecond);
  CHECK_EQ(played.state(), established);
  played.host.sent.clear();
  played.world.run(2 * kSecond);
  REQUIRE_EQ(played.segments(), 1);
  played.say(A, played.next, played.acknowledged);  // it is there
  played.world.run(55 * kSecond);
  CHECK_EQ(played.segments(), 0);
  played.world.run(60 * kSecond);
  CHECK_EQ(played.state(), closed);
  CHECK_EQ(played.connection->take_error(), Error::timed_out);
}

TEST_CASE("an unreachable port refuses a connection that begins, and leaves one that is there") {
  for (const bool is_there : {false, true}) {
    Played played;
    played.enter(is_there ? established : syn_sent);
    struct {
      IcmpHeader icmp{.type = IcmpHeader::kUnreachable, .code = 3};
      Ipv4Header ip;
      Big16 source, destination;
      Big32 sequence;
    } message;
    message.ip = {
        .length = 40, .protocol = Protocol::tcp, .source = played.host.address(), .destination = kPeer.address};
    message.source = played.port;
    message.destination = kPeer.port;
    message.sequence = (played.acknowledged - 1).value;
    message.icmp.checksum = checksum_of(bytes_of(message));
    played.host.stack.input(
        packet_of({.protocol = Protocol::icmp, .source = kPeer.address, .destination = played.host.address()},
                  bytes_of(message)));
    CHECK_EQ(played.state(), is_there ? established : closed);
  }
}

}  // namespace
}  // namespace toro::inet
