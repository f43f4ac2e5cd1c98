// Frames from anywhere, for a stack with sockets: whole ones as they come, and such whose checksums and addresses are
// made right, so that what lies behind is reached, also in parts of a device that merges; time passes between them.
// Some come to another stack of the same address, which hands over what is not its own.
#include <deque>
#include <vector>

#include "kernel/network/checksum.hpp"
#include "kernel/network/stack.hpp"
#include "tests/unit/stack/offloading.hpp"

namespace {

using namespace toro::inet;

constexpr toro::MacAddress kMac{{2, 0, 0, 0, 0, 1}};
constexpr Ipv4Address kOwn{{10, 0, 0, 1}};
constexpr Ipv4Address kPeer{{10, 0, 0, 2}};

/// Random numbers are the same in each run, so that sequence numbers are too.
struct Machine final : Environment {
  std::uint64_t time = kSecond;
  std::uint64_t state = 1;
  std::uint64_t now() override { return time; }
  std::uint64_t random() override { return state = state * 6364136223846793005 + 1442695040888963407; }
  void transmit(const toro::network::Transmit& transmit) override {
    for (const Frame& frame : finish(transmit)) check(frame);
    if (transmit.completion != nullptr) transmit.completion->done(*transmit.completion);
  }
  void tell_conflict(Ipv4Address, const toro::MacAddress&) override {}
  void hand_over(std::size_t index, Steered& packet) override { handed.emplace_back(index, &packet); }

  std::deque<std::pair<std::size_t, Steered*>> handed;  ///< and to which stack

 private:
  static void check(Bytes frame) {
    require(frame.size() >= sizeof(EthernetHeader) && frame.size() <= sizeof(EthernetHeader) + Stack::kMostMtu,
            "a frame of an impossible length");
    if (header_of<EthernetHeader>(frame)->type != EthernetHeader::kIpv4) return;
    const auto packet = parse_ipv4(frame.subspan(sizeof(EthernetHeader)));
    require(packet.has_value(), "a packet that nobody takes");
    if (packet->header->protocol == Protocol::tcp && !packet->is_fragment())
      require(parse_tcp(packet->header->source, packet->header->destination, packet->payload).has_value(),
              "a segment that nobody takes");
  }
};

/// Gives each stack what was handed over to it.
void deliver(Machine& machine, std::span<Stack* const> stacks) {
  std::size_t most = 1000;
  for (; !machine.handed.empty(); --most) {
    require(most != 0, "a packet that goes around for ever");
    const auto [index, packet] = machine.handed.front();
    machine.handed.pop_front();
    stacks[index]->input(*packet);
  }
}

/// In parts, as a device has them that puts segments together.
void input_in_parts(Stack& stack, Bytes frame) {
  constexpr std::size_t kFirst = 90;
  std::vector<Bytes> parts;
  for (; !frame.empty(); frame = frame.subspan(parts.back().size()))
    parts.push_back(frame.first(std::min(frame.size(), parts.empty() ? kFirst : 1 + frame.size() / 3)));
  if (parts.empty()) return;
  const Merged merged{.rest = std::span(parts).subspan(1),
                      .segment_size = std::to_integer<std::uint8_t>(parts.back().back())};
  stack.input(parts[0], Integrity::good, merged);
}

/// Makes a frame look like one of the peer for us, with right checksums.
void repair(std::vector<std::byte>& frame) {
  MutableBytes bytes(frame);
  auto* const ethernet = header_of<EthernetHeader>(bytes);
  if (ethernet == nullptr) return;
  ethernet->destination = kMac;
  bytes = bytes.subspan(sizeof(EthernetHeader));
  auto* const ip = header_of<Ipv4Header>(bytes);
  if (ethernet->type != EthernetHeader::kIpv4 || ip == nullptr) return;
  const std::size_t header_size = (ip->version_and_words & 0xfU) * std::size_t{4};
  if (header_size < sizeof(Ipv4Header) || header_size > bytes.size()) return;
  ip->length = static_cast<std::uint16_t>(bytes.size());
  ip->source = kPeer;
  ip->destination = kOwn;
  ip->checksum = 0;
  ip->checksum = checksum_of(bytes.first(header_size));
  const MutableBytes payload = bytes.subspan(header_size);
  const auto sum_of = [&] {
    Checksum sum;
    sum.add_pseudo_header(kPeer, kOwn, ip->protocol, payload.size());
    sum.add(payload);
    return sum.value();
  };
  if (auto* const tcp = header_of<TcpHeader>(payload); tcp != nullptr && ip->protocol == Protocol::tcp) {
    tcp->checksum = 0;
    tcp->checksum = sum_of();
  }
  if (auto* const udp = header_of<UdpHeader>(payload); udp != nullptr && ip->protocol == Protocol::udp) {
    udp->length = static_cast<std::uint16_t>(payload.size());
    udp->checksum = 0;
    udp->checksum = sum_of();
  }
  if (auto* const icmp = header_of<IcmpHeader>(payload); icmp != nullptr && ip->protocol == Protocol::icmp) {
    icmp->checksum = 0;
    icmp->checksum = checksum_of(payload);
  }
}

}  // namespace

/// Records: a length of two bytes, what is done (0 a frame as it is, 1 a repaired one, 2 time passes, 3 the user
/// acts; 4 and more, and it comes in parts; 16, and to the other stack, if there is one), and so many bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Machine machine;
  {
    Stack stack(machine, kMac, 1500), other(machine, kMac, 1500);
    const std::array stacks{&stack, &other};
    const bool are_two = size > 2 && data[2] / 32 % 2 != 0;
    for (std::size_t i = 0; are_two && i < stacks.size(); ++i)
      stacks[i]->set_steering({.count = stacks.size(), .index = i, .key = {1, 2}});
    for (Stack* const one : stacks) one->configure({kOwn, 24, kPeer, {}});
    const ArpPacket here{
        .operation = ArpPacket::kRequest, .sender_mac = {{2, 0, 0, 0, 0, 2}}, .sender = kPeer, .target = kOwn};
    std::vector<std::byte> arp(sizeof(EthernetHeader) + sizeof here);
    const EthernetHeader to_all{.destination = kBroadcastMac, .source = here.sender_mac, .type = EthernetHeader::kArp};
    std::memcpy(arp.data(), &to_all, sizeof to_all);
    std::memcpy(arp.data() + sizeof to_all, &here, sizeof here);
    stack.input(arp);
    deliver(machine, stacks);
    TcpListener listener(stack.tcp(), nullptr);
    require(listener.listen({kAnyAddress, 80}, 1).has_value(), "a listener");
    UdpSocket socket(stack.udp(), nullptr);
    require(socket.bind({kAnyAddress, 53}).has_value(), "a socket");
    if (size != 0 && data[0] % 2 == 0) stack.start_dhcp();
    if (size > 2 && data[2] % 16 >= 8) stack.set_offloads(kAllOffloads);
    TcpConnection* connection = nullptr;
    if (const auto made = stack.tcp().connect({kOwn, 1024}, {kPeer, 1024}, nullptr)) connection = *made;
    Bytes left = std::as_bytes(std::span(data, size));
    while (left.size() >= 3) {
      const std::size_t length = std::min<std::size_t>(
          std::to_integer<std::size_t>(left[0]) << 8 | std::to_integer<std::size_t>(left[1]), left.size() - 3);
      const int kind = std::to_integer<int>(left[2]);
      const int action = kind % 4;
      const bool in_parts = kind / 4 % 2 != 0;
      std::vector<std::byte> record(left.begin() + 3, left.begin() + 3 + static_cast<std::ptrdiff_t>(length));
      left = left.subspan(3 + length);
      if (action == 1) repair(record);
      Stack& where = are_two && kind / 16 % 2 != 0 ? other : stack;
      if (action < 2) in_parts ? input_in_parts(where, record) : where.input(record);
      if (action == 2) {
        machine.time += length * kSecond / 8;
        for (Stack* const one : stacks) one->run_timers();
      }
      if (action == 3) {
        std::array<std::byte, 30'000> buffer{};
        static_cast<void>(socket.receive(buffer, UdpSocket::Take::away));
        if (connection == nullptr)
          if (const auto accepted = listener.accept()) connection = *accepted;
        if (connection == nullptr) continue;
        switch (length % 5) {
          case 0:
            static_cast<void>(connection->send(Bytes(buffer)));
            break;
          case 1:
            static_cast<void>(connection->receive(buffer));
            break;
          case 2:
            connection->shutdown_sending();
            break;
          case 3:
            std::exchange(connection, nullptr)->close();
            break;
          case 4:
            std::exchange(connection, nullptr)->abort();
            break;
        }
        stack.pump();
      }
      deliver(machine, stacks);
    }
    if (connection != nullptr) connection->abort();
    deliver(machine, stacks);
    require(stack.tcp().memory_left() <= 2 * Tcp::kMemory, "memory that was given twice");
  }
  return 0;
}
