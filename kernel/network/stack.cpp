// A TCP/IP stack for one Ethernet interface: frames, IPv4 and ICMP.
#include "kernel/network/stack.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernel/network/checksum.hpp"

namespace toro::inet {
namespace {

/// A packet that the device reads where its payload lies, which is held until then.
struct Sending : network::Completion {
  static constexpr std::size_t kMostHeaders = sizeof(EthernetHeader) + sizeof(Ipv4Header) + 60;

  explicit Sending(std::span<const Packet::Part> parts) : network::Completion{.done = let_go} {
    for (const Packet::Part& part : parts) {
      part.chunk->hold();
      held[count++] = part.chunk;
    }
  }
  static void let_go(network::Completion& self) {
    auto& sending = static_cast<Sending&>(self);
    for (ByteWindow::Chunk* const chunk : std::span(sending.held).first(sending.count)) chunk->release();
    dispose(&sending);
  }

  std::size_t count = 0;
  std::array<ByteWindow::Chunk*, Packet::kMostParts> held;
  std::array<std::byte, network::kHeadroom + kMostHeaders> memory;
};

/// Less is copied as fast.
constexpr std::size_t kLeastHeld = 1024;

Steered* make_steered(std::uint16_t type, std::size_t size) {
  void* const memory = heap::allocate(sizeof(Steered) + size);
  return memory == nullptr ? nullptr : new (memory) Steered{.size = size, .type = type};
}

Steered* make_steered(std::uint16_t type, Bytes content) {
  Steered* const steered = make_steered(type, content.size());
  if (steered != nullptr) std::ranges::copy(content, steered->content());
  return steered;
}

/// Of a whole packet, whose payload was found good.
Steered* make_steered(const Ipv4Header& first, Bytes payload, const Merged& merged) {
  Ipv4Header header = first;
  header.version_and_words = Ipv4Header{}.version_and_words;  // without options
  header.length = static_cast<std::uint16_t>(sizeof header + payload.size() + merged.size());
  header.fragment = 0;
  header.checksum = 0;
  header.checksum = checksum_of(bytes_of(header));
  Steered* const steered = make_steered(EthernetHeader::kIpv4, header.length);
  if (steered == nullptr) return nullptr;
  steered->integrity = Integrity::good;
  steered->segment_size = merged.segment_size;
  std::byte* to = std::ranges::copy(bytes_of(header), steered->content()).out;
  to = std::ranges::copy(payload, to).out;
  for (const Bytes part : merged.rest) to = std::ranges::copy(part, to).out;
  return steered;
}

bool may_be_held(const Packet& packet) {
  const auto has_chunk = [](const Packet::Part& part) { return part.chunk != nullptr; };
  return packet.size() - packet.head.size() >= kLeastHeld && std::ranges::all_of(packet.rest, has_chunk);
}

}  // namespace

Stack::Stack(Environment& environment, const MacAddress& mac, std::size_t mtu)
    : environment_(environment),
      mac_(mac),
      mtu_(std::clamp(mtu, PathMtu::kLeast, kMostMtu)),
      neighbours_(environment, timers_, *this),
      conflicts_(environment, timers_, *this),
      reassembly_(environment, timers_),
      udp_(*this),
      tcp_(*this),
      dhcp_(*this),
      identification_(static_cast<std::uint16_t>(environment.random())) {}

void Environment::hand_over(std::size_t, Steered& packet) {
  heap::free(&packet);
}

/// Stacks that have an address in common must not give two packets one identification. [RFC 791 2.3]
void Stack::set_steering(const Steering& steering) {
  steering_ = steering;
  identification_step_ = static_cast<std::uint16_t>(std::bit_ceil(steering.count));
  identification_ =
      static_cast<std::uint16_t>(identification_ - identification_ % identification_step_ + steering.index);
}

Stack::~Stack() {
  while (Looped* const packet = loopback_.pop()) heap::free(packet);
}

void Stack::count(std::optional<Drop> drop) {
  if (drop) ++counters_.dropped[static_cast<std::size_t>(*drop)];
}

void Stack::input(Bytes frame, Integrity payload_is, const Merged& merged) {
  ++counters_.received;
  const auto* const header = header_of<EthernetHeader>(frame);
  if (header == nullptr) return count(Drop::too_short);
  if (header->destination != mac_ && header->destination != kBroadcastMac) return count(Drop::not_ours);
  const Bytes payload = frame.subspan(sizeof(EthernetHeader));
  switch (header->type) {
    case EthernetHeader::kArp:
      count(take_arp(payload));
      break;
    case EthernetHeader::kIpv4:
      count(take_ipv4(payload, From::wire, payload_is, merged));
      break;
    default:
      count(Drop::unknown_protocol);
  }
  pump();
}

void Stack::input(Steered& packet) {
  const Bytes content(packet.content(), packet.size);
  visit_ = packet.visit;
  if (packet.type == EthernetHeader::kArp)
    count(take_arp(content));
  else if (const auto* const header = header_of<Ipv4Header>(content))
    count(take_ipv4(content, is_own(header->source) ? From::itself : From::wire, packet.integrity,
                    {.rest = {}, .segment_size = packet.segment_size}));
  visit_ = 0;
  heap::free(&packet);
  pump();
}

/// Has all other stacks hear of a packet too, unless this one was told by another. `make()` copies it.
template <class F>
void Stack::tell_others(F make) {
  if (steering_.count == 1 || visit_ == Steered::kTold) return;
  for (std::size_t index = 0; index < steering_.count; ++index) {
    Steered* const steered = index == steering_.index ? nullptr : make();
    if (steered == nullptr) continue;
    steered->visit = Steered::kTold;
    environment_.hand_over(index, *steered);
  }
}

/// For a packet that no socket took on this visit: lets `offer(takes)` try on the next ones that are here too, and
/// hands it to the stack whose the first other one is.
template <class F>
void Stack::seek_socket(const Ipv4Packet& packet, Bytes payload, const Merged& merged, Endpoint local, Endpoint remote,
                        F offer) {
  for (std::size_t visit = visit_ + 1U;; ++visit) {
    const std::size_t place = steering_.place_of(visit, local, remote);
    if (place != steering_.index) {
      Steered* const steered = make_steered(*packet.header, payload, merged);
      if (steered == nullptr) return;
      steered->visit = static_cast<std::uint8_t>(visit);
      return environment_.hand_over(place, *steered);
    }
    if (offer(steering_.takes_at(visit))) return;
  }
}

void Stack::run_timers() {
  timers_.run(environment_.now());
  pump();
}

void Stack::deliver_looped() {
  for (std::size_t most = 4 * kMostLooped; most > 0; --most) {
    Looped* const packet = loopback_.pop();
    if (packet == nullptr) return;
    --looped_;
    count(take_ipv4({packet->content(), packet->size}, From::itself, Integrity::good, {}));
    heap::free(packet);
  }
}

void Stack::look_for_conflict(const ArpPacket& packet) {
  const auto verdict = conflicts_.input(packet);
  if (verdict != ConflictDetection::Verdict::none) environment_.tell_conflict(address(), packet.sender_mac);
  if (verdict == ConflictDetection::Verdict::given_up) dhcp_.decline();
}

std::optional<Drop> Stack::take_arp(Bytes payload) {
  const auto packet = parse_arp(payload);
  if (!packet) return packet.error();
  if (steering_.index == 0) look_for_conflict(**packet);
  neighbours_.input(**packet);
  if (visit_ != Steered::kTold) neighbours_.answer(**packet);
  tell_others([&] { return make_steered(EthernetHeader::kArp, payload.first(sizeof(ArpPacket))); });
  return std::nullopt;
}

bool Stack::is_broadcast(Ipv4Address address) const {
  return address.is_limited_broadcast() || address == broadcast_;
}

std::optional<Drop> Stack::take_ipv4(Bytes payload, From from, Integrity integrity, const Merged& merged) {
  const auto packet = parse_ipv4(payload, merged.size());
  if (!packet) return packet.error();
  const Ipv4Header& header = *packet->header;
  // Devices put nothing together but TCP segments.
  const bool may_be_merged = header.protocol == Protocol::tcp && integrity == Integrity::good && !packet->is_fragment();
  if (!merged.rest.empty() && !may_be_merged) return Drop::bad_length;
  // [RFC 1122 3.2.1.3]
  const bool from_wire = from == From::wire;
  if (from_wire && (header.source.is_multicast() || is_broadcast(header.source) || is_own(header.source)))
    return Drop::bad_source;
  if (from_wire && header.destination.is_loopback()) return Drop::not_ours;
  if (!is_own(header.destination) && !is_broadcast(header.destination)) return Drop::not_ours;
  if (!packet->is_fragment()) return deliver(*packet, packet->payload, integrity, merged);
  if (from_wire && steering_.index != 0) {  // one stack has all of them
    if (Steered* const steered = make_steered(EthernetHeader::kIpv4, packet->whole))
      environment_.hand_over(0, *steered);
    return std::nullopt;
  }
  const auto whole = reassembly_.input(*packet);
  if (!whole) return whole.error();
  if (whole->empty()) return std::nullopt;
  return deliver(*packet, *whole, Integrity::unknown, {});
}

/// `payload` is the whole packet's; `packet` the fragment that completed it, or it.
std::optional<Drop> Stack::deliver(const Ipv4Packet& packet, Bytes payload, Integrity integrity, const Merged& merged) {
  switch (packet.header->protocol) {
    case Protocol::icmp:
      return take_icmp(packet, payload);
    case Protocol::udp:
      return take_udp(packet, payload, integrity);
    case Protocol::tcp: {
      if (is_broadcast(packet.header->destination)) return Drop::not_ours;
      auto segment = parse_tcp(packet.header->source, packet.header->destination, payload, integrity);
      if (!segment) return segment.error();
      segment->merged = merged;
      if (!tcp_.input(*segment, takes()))
        seek_socket(packet, payload, merged, segment->destination, segment->source,
                    [&](Takes takes) { return tcp_.input(*segment, takes); });
      return std::nullopt;
    }
  }
  answer_unreachable(packet, Unreachable::protocol);
  return Drop::unknown_protocol;
}

std::optional<Drop> Stack::take_udp(const Ipv4Packet& packet, Bytes payload, Integrity integrity) {
  const auto datagram = parse_udp(packet.header->source, packet.header->destination, payload, integrity);
  if (!datagram) return datagram.error();
  if (is_broadcast(packet.header->destination)) {
    tell_others([&] { return make_steered(*packet.header, payload, {}); });
    return udp_.input(*datagram, Takes::all) ? std::nullopt : std::optional(Drop::not_ours);
  }
  const auto offer = [&](Takes takes) {
    if (udp_.input(*datagram, takes)) return true;
    if (takes != Takes::all) return false;
    answer_unreachable(packet, Unreachable::port);
    count(Drop::not_ours);
    return true;
  };
  if (!offer(takes())) seek_socket(packet, payload, {}, datagram->destination, datagram->source, offer);
  return std::nullopt;
}

std::optional<Drop> Stack::take_icmp(const Ipv4Packet& packet, Bytes payload) {
  const auto message = parse_icmp(payload);
  if (!message) return message.error();
  if (message->header->type != IcmpHeader::kEchoRequest)
    tell_others([&] { return make_steered(*packet.header, payload, {}); });
  if (message->header->type == IcmpHeader::kUnreachable) {
    take_icmp_error(*message);
    return std::nullopt;
  }
  if (message->header->type == IcmpHeader::kEchoReply)
    for (Ping* ping = pings_.first(); ping != nullptr; ping = pings_.next(*ping)) ping->take(*message);
  if (message->header->type != IcmpHeader::kEchoRequest) return std::nullopt;
  if (is_broadcast(packet.header->destination)) return std::nullopt;  // [RFC 1122 3.2.2.6]
  auto* const memory = static_cast<std::byte*>(heap::allocate(payload.size()));
  if (memory == nullptr) return std::nullopt;
  const MutableBytes reply(memory, payload.size());
  std::ranges::copy(payload, reply.begin());
  auto& header = *header_of<IcmpHeader>(reply);
  header.type = IcmpHeader::kEchoReply;
  header.checksum = 0;
  header.checksum = checksum_of(reply);
  static_cast<void>(send(
      {.protocol = Protocol::icmp, .source = packet.header->destination, .destination = packet.header->source}, reply));
  heap::free(memory);
  return std::nullopt;
}

void Stack::take_icmp_error(const IcmpMessage& message) {
  const auto quoted = parse_quoted(message.payload);
  if (!quoted || !is_own(quoted->header->source)) return;
  const auto* const ports = header_of<UdpHeader>(quoted->payload);  // TCP's lie there too
  const Endpoint local{quoted->header->source, ports->source};
  const Endpoint remote{quoted->header->destination, ports->destination};
  const auto code = static_cast<Unreachable>(message.header->code);
  if (quoted->header->protocol == Protocol::udp) {
    if (code == Unreachable::fragmentation_needed)
      path_mtu_.learn(remote.address, quoted->header->length, message.header->word2, environment_.now());
    else
      udp_.unreachable(local, remote, code);
  }
  if (quoted->header->protocol != Protocol::tcp) return;
  // At least 8 bytes are there: the sequence number is among them.
  const Sequence sequence{*header_of<Big32>(quoted->payload.subspan(2 * sizeof(Big16)))};
  if (!tcp_.is_in_flight(local, remote, sequence)) return;  // [RFC 5927 4.1]
  if (code == Unreachable::fragmentation_needed) {
    path_mtu_.learn(remote.address, quoted->header->length, message.header->word2, environment_.now());
    tcp_.path_mtu_changed(local, remote);
  } else {
    tcp_.unreachable(local, remote, code);
  }
}

/// With the header and 8 bytes of what it is about, but never about an error, a broadcast or a later fragment, and not
/// more than a hundred in a second. [RFC 1122 3.2.2, RFC 1812 4.3.2.8]
void Stack::answer_unreachable(const Ipv4Packet& packet, Unreachable code) {
  constexpr unsigned kMostInSecond = 100;
  if (is_broadcast(packet.header->destination) || packet.fragment_offset() != 0 || packet.header->source.is_any())
    return;
  if (packet.header->protocol == Protocol::icmp) return;
  const std::uint64_t now = environment_.now();
  if (now - errors_from_ >= kSecond) {
    errors_from_ = now;
    errors_sent_ = 0;
  }
  if (++errors_sent_ > kMostInSecond) return;
  const std::size_t header_size = static_cast<std::size_t>(packet.payload.data() - packet.whole.data());
  const Bytes quoted = packet.whole.first(std::min(packet.whole.size(), header_size + 8));
  const IcmpHeader header{.type = IcmpHeader::kUnreachable, .code = static_cast<std::uint8_t>(code)};
  const MutableBytes message = room().first(sizeof header + quoted.size());
  std::memcpy(message.data(), &header, sizeof header);
  std::ranges::copy(quoted, message.begin() + sizeof header);
  header_of<IcmpHeader>(message)->checksum = checksum_of(message);
  static_cast<void>(send_built(
      {.protocol = Protocol::icmp, .source = packet.header->destination, .destination = packet.header->source},
      message.size()));
}

void Stack::configure(const Configuration& configuration, Origin origin) {
  const bool is_other = configuration.address != configuration_.address;
  configuration_ = configuration;
  broadcast_ = is_configured() ? configuration_.broadcast() : kBroadcastAddress;
  if (is_other) {
    neighbours_.forget_all();
    tcp_.address_changed();
    if (steering_.index == 0) is_configured() ? conflicts_.begin(origin) : conflicts_.end();
  }
  notify();
}

Result<Ipv4Address> Stack::source_for(Ipv4Address destination) const {
  if (destination.is_loopback()) return destination;
  if (is_own(destination)) return configuration_.address;
  if (destination.is_limited_broadcast()) return configuration_.address;
  if (!is_configured() || destination.is_any()) return failure(Error::network_unreachable);
  if (!configuration_.is_neighbour(destination) && configuration_.gateway.is_any() && !destination.is_multicast())
    return failure(Error::network_unreachable);
  return configuration_.address;
}

std::size_t Stack::mtu_to(Ipv4Address destination) {
  return is_own(destination) ? mtu_ : path_mtu_.of(destination, mtu_, environment_.now());
}

Result<> Stack::send_built(const PacketOptions& options, std::size_t size) {
  Packet made{
      .head = Bytes(packet()).first(sizeof(Ipv4Header) + size), .rest = options.rest, .unfinished = options.unfinished};
  Ipv4Header header{.length = static_cast<std::uint16_t>(made.size()),
                    .identification = next_identification(),
                    .fragment = options.fragments == PacketOptions::Fragments::forbidden ? Ipv4Header::kDontFragment
                                                                                         : std::uint16_t{0},
                    .time_to_live = options.time_to_live,
                    .protocol = options.protocol,
                    .source = options.source,
                    .destination = options.destination};
  header.checksum = checksum_of(bytes_of(header));
  std::memcpy(packet().data(), &header, sizeof header);
  return send_packet(made);
}

Result<> Stack::send(const PacketOptions& options, Bytes payload) {
  const std::size_t most = mtu_to(options.destination) - sizeof(Ipv4Header);
  if (payload.size() <= most) {
    std::ranges::copy(payload, room().begin());
    return send_built(options, payload.size());
  }
  if (options.fragments == PacketOptions::Fragments::forbidden || payload.size() > Reassembly::kMostPayload)
    return failure(Error::message_size);
  const std::size_t step = most & ~std::size_t{7};
  const std::uint16_t identification = next_identification();
  for (std::size_t offset = 0; offset < payload.size(); offset += step) {
    const Bytes part = payload.subspan(offset, std::min(step, payload.size() - offset));
    const bool more = offset + part.size() < payload.size();
    Ipv4Header header{
        .length = static_cast<std::uint16_t>(sizeof header + part.size()),
        .identification = identification,
        .fragment = static_cast<std::uint16_t>(offset / 8 | (more ? Ipv4Header::kMoreFragments : std::uint16_t{0})),
        .time_to_live = options.time_to_live,
        .protocol = options.protocol,
        .source = options.source,
        .destination = options.destination};
    header.checksum = checksum_of(bytes_of(header));
    std::memcpy(packet().data(), &header, sizeof header);
    std::ranges::copy(part, room().begin());
    if (const auto sent = send_packet({.head = Bytes(packet()).first(sizeof header + part.size())}); !sent) return sent;
  }
  return {};
}

Result<> Stack::send_packet(const Packet& packet) {
  ++counters_.sent;
  const Ipv4Address destination = header_of<Ipv4Header>(packet.head)->destination;
  if (is_own(destination)) {
    loop(packet);
    return {};
  }
  if (is_broadcast(destination)) {
    send_to_neighbour(kBroadcastMac, packet);
    return {};
  }
  if (destination.is_multicast()) {  // [RFC 1112 6.4]
    const auto& b = destination.bytes;
    send_to_neighbour({{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(b[1] & 0x7fU), b[2], b[3]}}, packet);
    return {};
  }
  const bool is_near = configuration_.is_neighbour(destination);
  if (!is_configured() || (!is_near && configuration_.gateway.is_any())) return failure(Error::network_unreachable);
  neighbours_.send(is_near ? destination : configuration_.gateway, packet);
  return {};
}

void Stack::loop(const Packet& packet) {
  if (looped_ == kMostLooped) return;
  const std::size_t size = packet.size();
  void* const memory = heap::allocate(sizeof(Looped) + size);
  if (memory == nullptr) return;
  auto* const looped = new (memory) Looped{.links = {}, .size = size};
  packet.copy_to(looped->content());
  loopback_.push(*looped);
  ++looped_;
}

/// Not in the place where a packet may be built meanwhile.
void Stack::send_arp(const MacAddress& destination, const ArpPacket& arp) {
  const struct {
    EthernetHeader header;
    ArpPacket arp;
  } frame{{.destination = destination, .source = mac_, .type = EthernetHeader::kArp}, arp};
  static_assert(sizeof frame == sizeof(EthernetHeader) + sizeof(ArpPacket));
  const Bytes part = bytes_of(frame);
  environment_.transmit({.parts = std::span(&part, 1)});
}

void Stack::send_to_neighbour(const MacAddress& destination, const Packet& packet_to_send) {
  constexpr auto kTransport = static_cast<std::uint16_t>(sizeof(EthernetHeader) + sizeof(Ipv4Header));
  const EthernetHeader header{.destination = destination, .source = mac_, .type = EthernetHeader::kIpv4};
  std::memcpy(frame_.data(), &header, sizeof header);
  const Bytes head = packet_to_send.head;
  if (head.data() != packet().data()) std::ranges::copy(head, packet().begin());
  Bytes headers = Bytes(frame_).first(sizeof header + head.size());
  Sending* const sending = may_be_held(packet_to_send) ? make<Sending>(packet_to_send.rest) : nullptr;
  if (sending != nullptr) {
    const MutableBytes moved = MutableBytes(sending->memory).subspan(network::kHeadroom, headers.size());
    std::ranges::copy(headers, moved.begin());
    headers = moved;
  }
  frame_parts_[0] = headers;
  std::ranges::transform(packet_to_send.rest, frame_parts_.begin() + 1, &Packet::Part::bytes);
  const auto [checksum_offset, segment_size] = packet_to_send.unfinished;
  environment_.transmit(
      {.parts = std::span(frame_parts_).first(1 + packet_to_send.rest.size()),
       .headroom = sending != nullptr ? network::kHeadroom : 0,
       .has_partial_checksum = checksum_offset != 0,
       .partial = {.start = kTransport, .offset = checksum_offset},
       .segmentation = segment_size != 0 ? network::Segmentation::tcp_v4 : network::Segmentation::none,
       .segment_size = segment_size,
       .header_length = static_cast<std::uint16_t>(headers.size()),
       .completion = sending});
}

void Stack::neighbour_is_silent(Ipv4Address address) {
  const bool is_gateway = address == configuration_.gateway;
  tcp_.neighbour_is_silent(is_gateway ? kAnyAddress : address);
}

}  // namespace toro::inet
