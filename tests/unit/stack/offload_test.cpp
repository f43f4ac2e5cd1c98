// What is left to the device: checksums, and segments that go and come in one piece.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "tests/unit/stack/world.hpp"

namespace toro::inet {
namespace {

struct Transfer {
  World world;
  World::Host& server = world.add().configured();
  World::Host& client = world.add().configured();
  TcpListener listener{server.stack.tcp(), nullptr};
  TcpConnection* incoming = nullptr;
  TcpConnection* outgoing = nullptr;

  explicit Transfer(const network::Offloads& offloads = kAllOffloads) {
    server.set_offloads(offloads);
    client.set_offloads(offloads);
    REQUIRE(listener.listen({kAnyAddress, 7}, 4).has_value());
    outgoing = client.stack.tcp().connect({}, {server.address(), 7}, nullptr).value();
    REQUIRE(world.run(kSecond, [&] {
      if (const auto accepted = listener.accept()) incoming = *accepted;
      return incoming != nullptr;
    }));
  }
  ~Transfer() {
    world.filter = {};
    incoming->abort();
    outgoing->abort();
  }

  /// One way; what arrived.
  std::vector<std::byte> send(const std::vector<std::byte>& data) {
    std::size_t sent = 0;
    std::vector<std::byte> received;
    std::array<std::byte, 5000> buffer;
    CHECK(world.run(600 * kSecond, [&] {
      if (const auto count = outgoing->send(Bytes(data).subspan(sent))) sent += *count;
      while (const auto count = incoming->receive(buffer)) {
        if (*count == 0) break;
        received.insert(received.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*count));
      }
      return received.size() >= data.size();
    }));
    return received;
  }
};

std::optional<TcpSegment> segment_of(const Frame& frame) {
  const auto packet = parse_ipv4(Bytes(frame).subspan(sizeof(EthernetHeader)));
  if (!packet || packet->header->protocol != Protocol::tcp) return std::nullopt;
  const auto segment = parse_tcp(packet->header->source, packet->header->destination, packet->payload);
  return segment ? std::optional(*segment) : std::nullopt;
}

}  // namespace

TEST_CASE("much that is sent goes to the device in large pieces, and to the peer in segments") {
  Transfer transfer;
  const auto data = random_bytes(2'000'000, 1);
  std::size_t longest = 0;
  transfer.world.filter = [&](Frame& frame) {
    longest = std::max(longest, frame.size());
    return true;
  };
  CHECK(transfer.send(data) == data);
  CHECK(transfer.client.longest > 60'000);
  CHECK(longest == sizeof(EthernetHeader) + Stack::kMostMtu);
  CHECK(transfer.server.merger.most() > 30'000);
  CHECK(transfer.outgoing->retransmissions() == 0);
}

TEST_CASE("what the device reads stays until it has, though the peer has it already, and is given back then") {
  Transfer transfer;
  const auto data = random_bytes(300'000, 1);
  CHECK(transfer.send(data) == data);
  transfer.world.run(kSecond);
  transfer.client.stop_reading(0);
  const std::size_t all = transfer.client.stack.tcp().memory_left();
  REQUIRE(transfer.outgoing->send(Bytes(data).first(5000)).value() == 5000);
  REQUIRE_FALSE(transfer.client.reading.empty());
  transfer.outgoing->abort();
  CHECK(transfer.client.stack.tcp().memory_left() < all);
  transfer.client.stop_reading(0);
  CHECK(transfer.client.stack.tcp().memory_left() == all);
  transfer.outgoing = transfer.client.stack.tcp().connect({}, {transfer.server.address(), 7}, nullptr).value();
}

TEST_CASE("no more goes at once than the congestion window allows, and then whole segments") {
  Transfer transfer;
  const std::uint32_t window = transfer.outgoing->congestion().window();
  const std::uint32_t mss = transfer.outgoing->mss();
  std::size_t payload = 0;
  transfer.world.filter = [&](Frame& frame) {
    const auto segment = segment_of(frame);
    if (segment) payload += segment->payload.size();
    return true;
  };
  REQUIRE(transfer.outgoing->send(random_bytes(200'000, 1)).has_value());
  CHECK(payload == window - window % mss);
}

TEST_CASE("of a large piece that lost a part, that part goes again alone") {
  Transfer transfer;
  CHECK(transfer.send(random_bytes(500'000, 1)).size() == 500'000);  // the window is open
  std::optional<Sequence> lost;
  std::uint64_t again = 0;
  unsigned number = 0;
  transfer.world.filter = [&](Frame& frame) {
    const auto segment = segment_of(frame);
    if (!segment || segment->payload.empty()) return true;
    if (lost && segment->sequence == *lost) ++again;
    if (++number != 7) return true;
    lost = segment->sequence;
    return false;
  };
  const auto data = random_bytes(60'000, 2);
  CHECK(transfer.send(data) == data);
  CHECK(again == 1);
  CHECK(transfer.outgoing->retransmissions() == 1);
}

TEST_CASE("the rest of a large piece waits as Nagle has it, and goes with it where it may") {
  for (const bool no_delay : {false, true}) {
    CAPTURE(no_delay);
    Transfer transfer;
    transfer.outgoing->set_no_delay(no_delay);
    const std::uint32_t mss = transfer.outgoing->mss();
    std::vector<std::size_t> sizes;
    transfer.world.filter = [&](Frame& frame) {
      const auto segment = segment_of(frame);
      if (segment && !segment->payload.empty()) sizes.push_back(segment->payload.size());
      return true;
    };
    REQUIRE(transfer.outgoing->send(random_bytes(3 * mss + 10, 1)).has_value());
    CHECK(sizes.size() == (no_delay ? 4 : 3));
    CHECK(transfer.client.longest > 3 * mss);
  }
}

TEST_CASE("a merged frame is acknowledged once, and does not count as one segment") {
  Transfer transfer;
  std::size_t acknowledgments = 0;
  transfer.world.filter = [&](Frame& frame) {
    const auto segment = segment_of(frame);
    if (segment && segment->payload.empty()) ++acknowledgments;
    return true;
  };
  const auto data = random_bytes(1'000'000, 1);
  CHECK(transfer.send(data) == data);
  CHECK(acknowledgments < 200);
  acknowledgments = 0;
  transfer.server.merges = false;  // two segments ask for an acknowledgment as they did before
  CHECK(transfer.send(data) == data);
  CHECK(acknowledgments > 300);
}

TEST_CASE("what waits for a neighbour's address is finished by the device when it goes") {
  World world;
  auto& host = world.add().configured();
  auto& peer = world.add().configured();
  host.set_offloads(kAllOffloads);
  UdpSocket from(host.stack.udp(), nullptr);
  UdpSocket to(peer.stack.udp(), nullptr);
  REQUIRE(to.bind({kAnyAddress, 9}).has_value());
  for (const std::size_t size : {0U, 1U, 999U, 1472U, 3000U}) {
    CAPTURE(size);
    const auto data = random_bytes(size, size);
    REQUIRE(from.send(Endpoint{peer.address(), 9}, data).has_value());
    std::array<std::byte, 4000> buffer;
    std::optional<UdpSocket::Received> received;
    CHECK(world.run(kSecond, [&] {
      if (const auto got = to.receive(buffer, UdpSocket::Take::away)) received = *got;
      return received.has_value();
    }));
    REQUIRE(received);
    CHECK(std::ranges::equal(Bytes(buffer).first(received->size), data));
  }
}

TEST_CASE("what is sent to this machine itself needs no checksum, and no segmentation") {
  World world;
  auto& host = world.add().configured();
  host.set_offloads(kAllOffloads);
  TcpListener listener(host.stack.tcp(), nullptr);
  REQUIRE(listener.listen({kAnyAddress, 7}, 4).has_value());
  TcpConnection* const outgoing = host.stack.tcp().connect({}, {host.address(), 7}, nullptr).value();
  host.stack.pump();
  TcpConnection* const incoming = listener.accept().value();
  const auto data = random_bytes(20'000, 1);
  CHECK(outgoing->send(data).value() == data.size());
  std::vector<std::byte> received(data.size());
  CHECK(world.run(kSecond, [&] { return incoming->readable_bytes() == data.size(); }));
  CHECK(incoming->receive(received).value() == data.size());
  CHECK(received == data);
  CHECK(host.longest < 100);
  incoming->abort();
  outgoing->abort();
}

TEST_CASE("parts that no device has put together are refused") {
  World world;
  auto& host = world.add().configured();
  UdpSocket socket(host.stack.udp(), nullptr);
  REQUIRE(socket.bind({kAnyAddress, 53}).has_value());
  const UdpHeader udp{.source = 9, .destination = 53, .length = 108};
  std::vector<std::byte> payload(108);
  std::memcpy(payload.data(), &udp, sizeof udp);
  payload[12] = std::byte{0x50};  // of TCP: the header's length
  const Ipv4Address peer{{10, 0, 0, 2}};
  const auto drops = [&](const Ipv4Header& header, std::size_t first, Integrity integrity) {
    const auto sum = [&] { return std::ranges::fold_left(host.stack.counters().dropped, 0U, std::plus()); };
    const auto before = sum();
    const Frame frame = packet_of(header, payload);
    const Bytes rest = Bytes(frame).subspan(first);
    host.stack.input(Bytes(frame).first(first), integrity, {.rest = std::span(&rest, 1)});
    return sum() - before;
  };
  const Ipv4Header of_udp{.protocol = Protocol::udp, .source = peer, .destination = host.address()};
  Ipv4Header of_tcp = of_udp;
  of_tcp.protocol = Protocol::tcp;
  Ipv4Header fragment = of_tcp;
  fragment.fragment = Ipv4Header::kMoreFragments;
  CHECK(drops(of_udp, 60, Integrity::good) == 1);
  CHECK(drops(of_tcp, 60, Integrity::unknown) == 1);
  CHECK(drops(fragment, 60, Integrity::good) == 1);
  CHECK(drops(of_tcp, 40, Integrity::good) == 1);  // headers in two parts
  CHECK(drops(of_tcp, 60, Integrity::good) == 0);
}

}  // namespace toro::inet
