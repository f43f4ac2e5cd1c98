// Two stacks back to back, over cables of every quality: bytes arrive as they were sent.
#include <doctest/doctest.h>

#include <map>

#include "tests/unit/stack/world.hpp"

namespace toro::inet {
namespace {

/// Sends all of `data` one way and back again, as an echo server does it; how long it took, 0 when it did not end well.
struct Echo {
  World world;
  World::Host& server = world.add().configured();
  World::Host& client = world.add().configured();
  std::optional<TcpListener> listener;
  TcpConnection* incoming = nullptr;
  TcpConnection* outgoing = nullptr;

  explicit Echo(std::uint64_t seed) : world(seed) {}

  ~Echo() {
    if (incoming != nullptr) incoming->abort();
    if (outgoing != nullptr) outgoing->abort();
  }

  void open() {
    listener.emplace(server.stack.tcp(), nullptr);
    REQUIRE(listener->listen({kAnyAddress, 7}, 4).has_value());
    const auto connection = client.stack.tcp().connect({}, {server.address(), 7}, nullptr);
    REQUIRE(connection.has_value());
    outgoing = *connection;
  }

  std::vector<std::byte> exchange(const std::vector<std::byte>& data, std::uint64_t limit = 3600 * kSecond) {
    std::size_t sent = 0;
    std::vector<std::byte> pending;
    std::vector<std::byte> back;
    std::array<std::byte, 5000> buffer;
    const bool done = world.run(limit, [&] {
      if (incoming == nullptr)
        if (const auto accepted = listener->accept()) incoming = *accepted;
      if (sent < data.size()) {
        if (const auto count = outgoing->send(Bytes(data).subspan(sent))) sent += *count;
        if (sent == data.size()) outgoing->shutdown_sending();
      }
      while (incoming != nullptr && pending.size() < 100'000) {
        const auto count = incoming->receive(buffer);
        if (!count || *count == 0) break;
        pending.insert(pending.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*count));
      }
      if (!pending.empty())
        if (const auto count = incoming->send(pending))
          pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(*count));
      if (incoming != nullptr && incoming->has_ended_receiving() && incoming->readable_bytes() == 0 && pending.empty())
        incoming->shutdown_sending();
      while (const auto count = outgoing->receive(buffer)) {
        if (*count == 0) return true;
        back.insert(back.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*count));
      }
      return false;
    });
    CHECK(done);
    return back;
  }
};

struct Row {
  std::string what;
  Cable cable;
  Tcp::Settings settings;
  std::size_t size = 300'000;
};

const Row kRows[] = {
    {"a good cable", {}, {}},
    {"a slow cable", {.delay = 50 * kMillisecond, .bytes_per_second = 1'000'000}, {}},
    {"1 % loss", {.loss = 0.01}, {}},
    {"5 % loss", {.loss = 0.05}, {}},
    {"20 % loss", {.loss = 0.2}, {}, 100'000},
    {"20 % loss without SACK", {.loss = 0.2}, {.sack = false}, 100'000},
    {"reordering", {.reordering = 0.3}, {}},
    {"reordering without SACK", {.reordering = 0.3}, {.sack = false}},
    {"duplication", {.duplication = 0.3}, {}},
    {"corruption", {.corruption = 0.05}, {}},
    {"everything", {.loss = 0.05, .duplication = 0.05, .reordering = 0.1, .corruption = 0.05}, {}},
    {"everything, no options",
     {.loss = 0.05, .duplication = 0.05, .reordering = 0.1, .corruption = 0.05},
     {.timestamps = false, .sack = false, .window_scaling = false}},
    {"everything, NewReno",
     {.loss = 0.05, .duplication = 0.05, .reordering = 0.1, .corruption = 0.05},
     {.congestion = CongestionAlgorithm::new_reno}},
    {"small buffers", {.loss = 0.02}, {.send_capacity = 8192, .receive_capacity = 4096}, 100'000},
};

TEST_CASE("an echo over any cable is what was sent, with and without a device that helps") {
  for (const Row& row : kRows)
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      CAPTURE(row.what);
      CAPTURE(seed);
      Echo echo(seed);
      if (seed > 2) echo.server.set_offloads(kAllOffloads);
      if (seed > 3) echo.client.set_offloads(kAllOffloads);
      echo.world.cable = row.cable;
      echo.server.stack.tcp().settings() = row.settings;
      echo.client.stack.tcp().settings() = row.settings;
      echo.open();
      const auto data = random_bytes(row.size, seed);
      const auto back = echo.exchange(data);
      CHECK_EQ(back.size(), data.size());
      CHECK(back == data);
    }
}

TEST_CASE("where nothing is lost, each side says once that it ends, and sends nothing twice") {
  const Tcp::Settings all{};
  const Tcp::Settings none{.timestamps = false, .sack = false, .window_scaling = false};
  for (const Tcp::Settings& settings : {all, none}) {
    CAPTURE(settings.window_scaling);
    Echo echo(1);
    echo.client.stack.tcp().settings() = settings;
    std::map<std::uint16_t, unsigned> fins;  // by source port
    echo.world.filter = [&](Frame& frame) {
      const auto packet = parse_ipv4(Bytes(frame).subspan(sizeof(EthernetHeader)));
      if (!packet || packet->header->protocol != Protocol::tcp) return true;
      const auto segment = parse_tcp(packet->header->source, packet->header->destination, packet->payload);
      if (segment && segment->has(TcpHeader::kFin)) ++fins[segment->source.port];
      return true;
    };
    echo.open();
    const auto data = random_bytes(1'000'000, 1);
    CHECK(echo.exchange(data) == data);
    echo.world.run(kSecond);
    CHECK_EQ(fins.size(), 2);
    for (const auto& [port, count] : fins) CHECK_EQ(count, 1);
    CHECK_EQ(echo.incoming->retransmissions() + echo.outgoing->retransmissions(), 0);
  }
}

TEST_CASE("who comes by a cookie has all options of who does not") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const bool has_timestamps = seed != 5;  // without them there is no window scaling either
    CAPTURE(seed);
    Echo echo(seed);
    echo.client.stack.tcp().settings().timestamps = has_timestamps;
    echo.listener.emplace(echo.server.stack.tcp(), nullptr);
    REQUIRE(echo.listener->listen({kAnyAddress, 7}, 1).has_value());
    for (std::uint16_t port = 1; port <= 2; ++port) {  // as many as have room
      const Ipv4Address from{{10, 0, 0, 77}};
      TcpHeader header{.source = port, .destination = 7, .flags = TcpHeader::kSyn};
      Checksum sum;
      sum.add_pseudo_header(from, echo.server.address(), Protocol::tcp, sizeof header);
      sum.add(bytes_of(header));
      header.checksum = sum.value();
      echo.server.stack.input(packet_of(
          {.protocol = Protocol::tcp, .source = from, .destination = echo.server.address()}, bytes_of(header)));
    }
    if (has_timestamps) echo.world.cable = {.loss = 0.02, .reordering = 0.1};
    const auto connection = echo.client.stack.tcp().connect({}, {echo.server.address(), 7}, nullptr);
    REQUIRE(connection.has_value());
    echo.outgoing = *connection;
    const auto data = random_bytes(300'000, seed);
    CHECK(echo.exchange(data) == data);
    REQUIRE_NE(echo.incoming, nullptr);
    CHECK_EQ(echo.incoming->mss(), has_timestamps ? 1448 : 1460);
    CHECK_EQ(echo.outgoing->mss(), has_timestamps ? 1448 : 1460);
    if (!has_timestamps) CHECK_EQ(echo.outgoing->retransmissions(), 0);
    CHECK_LT(echo.incoming->round_trip().smoothed, 100 * kMillisecond);
  }
}

TEST_CASE("ten thousand connections are open at once, and leave nothing behind") {
  constexpr std::size_t kCount = 10'000;
  Echo echo(1);
  echo.listener.emplace(echo.server.stack.tcp(), nullptr);
  REQUIRE(echo.listener->listen({kAnyAddress, 7}, 4096).has_value());
  std::vector<TcpConnection*> ends[2];
  const std::byte byte{'x'};
  for (std::size_t i = 0; i < kCount; ++i) {
    const auto connection = echo.client.stack.tcp().connect({}, {echo.server.address(), 7}, nullptr);
    REQUIRE(connection.has_value());
    ends[0].push_back(*connection);
    if (i % 100 != 99) continue;
    REQUIRE(echo.world.run(10 * kSecond, [&] {
      while (const auto accepted = echo.listener->accept()) ends[1].push_back(*accepted);
      return ends[1].size() == i + 1;
    }));
  }
  CHECK_EQ(echo.server.stack.tcp().connections(), kCount);
  CHECK_EQ(echo.server.stack.tcp().memory_left(), 2 * Tcp::kMemory);  // who says nothing takes no memory for bytes
  CHECK_LT(kCount * sizeof(TcpConnection), std::size_t{16} << 20);
  for (TcpConnection* const connection : ends[0]) CHECK_EQ(connection->send({&byte, 1}), 1);
  CHECK(echo.world.run(10 * kSecond, [&] {
    return std::ranges::all_of(ends[1], [](const auto* one) { return one->readable_bytes() == 1; });
  }));
  for (TcpConnection* const connection : ends[1]) {
    std::byte got;
    CHECK_EQ(connection->receive({&got, 1}), 1);
  }
  for (auto& some : ends)
    for (TcpConnection* const connection : some) connection->close();
  echo.world.run(120 * kSecond);
  CHECK_EQ(echo.server.stack.tcp().connections(), 0);
  CHECK_EQ(echo.server.stack.tcp().memory_left(), 2 * Tcp::kMemory);
}

TEST_CASE("who does not take what is sent to it keeps nobody from sending") {
  constexpr std::size_t kMemory = 16 * inet::ByteWindow::kChunk;
  Echo echo(2);
  echo.server.stack.tcp().limit_memory(kMemory);
  echo.open();
  REQUIRE(echo.world.run(kSecond, [&] {
    if (const auto accepted = echo.listener->accept()) echo.incoming = *accepted;
    return echo.incoming != nullptr;
  }));
  const auto data = random_bytes(100'000, 7);
  CHECK_EQ(echo.incoming->send(data), kMemory);
  CHECK_EQ(echo.incoming->send(data).error(), Error::no_buffers);
  REQUIRE_EQ(echo.outgoing->send(data), data.size());
  std::vector<std::byte> got;
  CHECK(echo.world.run(60 * kSecond, [&] {
    std::array<std::byte, 5000> buffer;
    if (const auto count = echo.incoming->receive(buffer))
      got.insert(got.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*count));
    return got.size() == data.size();
  }));
  CHECK(got == data);
}

TEST_CASE("who goes leaves what was sent to be delivered") {
  Echo echo(4);
  echo.world.cable.loss = 0.1;
  echo.open();
  REQUIRE(echo.world.run(kSecond * 60, [&] { return echo.outgoing->state() == TcpState::established; }));
  const auto data = random_bytes(100'000, 6);
  REQUIRE_EQ(echo.outgoing->send(data), data.size());
  std::exchange(echo.outgoing, nullptr)->close();
  CHECK(echo.client.stack.tcp().still_delivers());
  std::vector<std::byte> got;
  CHECK(echo.world.run(600 * kSecond, [&] {
    if (echo.incoming == nullptr)
      if (const auto accepted = echo.listener->accept()) echo.incoming = *accepted;
    std::array<std::byte, 5000> buffer;
    while (echo.incoming != nullptr) {
      const auto count = echo.incoming->receive(buffer);
      if (!count) break;
      if (*count == 0) return true;
      got.insert(got.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*count));
    }
    return false;
  }));
  CHECK(got == data);
  CHECK(echo.world.run(600 * kSecond, [&] { return !echo.client.stack.tcp().still_delivers(); }));
}

TEST_CASE("when both are gone, nothing is left but TIME-WAIT, and then nothing") {
  Echo echo(3);
  echo.open();
  const auto data = random_bytes(50'000, 5);
  CHECK(echo.exchange(data) == data);
  echo.incoming->close();
  echo.outgoing->close();
  echo.incoming = echo.outgoing = nullptr;
  CHECK(echo.world.run(5 * kSecond, [&] {
    return !echo.server.stack.tcp().still_delivers() && !echo.client.stack.tcp().still_delivers();
  }));
  echo.world.run(5 * kSecond);
  CHECK_EQ(echo.server.stack.tcp().connections(), 0);
  CHECK_EQ(echo.client.stack.tcp().connections(), 1);
  CHECK_EQ(echo.server.stack.tcp().memory_left(), 2 * Tcp::kMemory);
  CHECK_EQ(echo.client.stack.tcp().memory_left(), 2 * Tcp::kMemory);
  echo.world.run(61 * kSecond);
  CHECK_EQ(echo.client.stack.tcp().connections(), 0);
}

}  // namespace
}  // namespace toro::inet
