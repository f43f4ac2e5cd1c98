// What a device does to frames in a stack's place.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "kernel/network/checksum.hpp"
#include "kernel/network/stack.hpp"

namespace toro::inet {

using Frame = std::vector<std::byte>;

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

inline constexpr network::Offloads kAllOffloads{
    .transmit_checksum = true, .receive_checksum = true, .segmentation_v4 = true, .merging = true};

/// A frame's IPv4 header and what follows it.
struct PacketView {
  explicit PacketView(Frame& frame)
      : ip(header_of<Ipv4Header>(MutableBytes(frame).subspan(sizeof(EthernetHeader)))),
        transport(MutableBytes(frame).subspan(sizeof(EthernetHeader) + sizeof(Ipv4Header))) {}

  [[nodiscard]] Checksum pseudo_header() const {
    Checksum sum;
    sum.add_pseudo_header(ip->source, ip->destination, ip->protocol, transport.size());
    return sum;
  }
  void complete(std::uint16_t offset) const {
    auto& field = *header_of<Big16>(transport.subspan(offset));
    field = 0;
    Checksum sum = pseudo_header();
    sum.add(transport);
    field = sum.value() == 0 ? std::uint16_t{UINT16_MAX} : sum.value();
  }
  void set_length() const {
    ip->length = static_cast<std::uint16_t>(sizeof(Ipv4Header) + transport.size());
    ip->checksum = 0;
    ip->checksum = checksum_of(bytes_of(*ip));
  }

  Ipv4Header* ip;
  MutableBytes transport;
};

/// The frames that a device makes of one that was left to it. [virtio 1.2 §5.1.6.2]
inline std::vector<Frame> finish(const network::Transmit& transmit) {
  Frame frame(transmit.size());
  transmit.copy_to(frame.data());
  if (!transmit.has_partial_checksum) {
    require(transmit.segmentation == network::Segmentation::none, "segments without a checksum to be made");
    return {frame};
  }
  const PacketView whole(frame);
  require(transmit.partial.start == sizeof(EthernetHeader) + sizeof(Ipv4Header), "a checksum of something else");
  require(*header_of<Big16>(whole.transport.subspan(transmit.partial.offset)) ==
              static_cast<std::uint16_t>(~whole.pseudo_header().value()),
          "the pseudo header's sum was expected");
  if (transmit.segmentation == network::Segmentation::none) {
    whole.complete(transmit.partial.offset);
    return {frame};
  }
  const Bytes headers = Bytes(frame).first(transmit.header_length);
  Bytes payload = Bytes(frame).subspan(transmit.header_length);
  require(transmit.segment_size > 0 && payload.size() > transmit.segment_size, "segments of an impossible length");
  std::vector<Frame> segments;
  std::uint32_t sequence = header_of<TcpHeader>(whole.transport)->sequence;
  while (!payload.empty()) {
    const Bytes part = payload.first(std::min<std::size_t>(transmit.segment_size, payload.size()));
    payload = payload.subspan(part.size());
    Frame segment(headers.begin(), headers.end());
    segment.insert(segment.end(), part.begin(), part.end());
    const PacketView view(segment);
    view.set_length();
    auto& tcp = *header_of<TcpHeader>(view.transport);
    tcp.sequence = sequence;
    if (!payload.empty()) tcp.flags &= static_cast<std::uint8_t>(~(TcpHeader::kFin | TcpHeader::kPsh));
    view.complete(offsetof(TcpHeader, checksum));
    sequence += static_cast<std::uint32_t>(part.size());
    segments.push_back(std::move(segment));
  }
  return segments;
}

/// A device that puts TCP segments together that come one behind the other, and hands them over in parts of any size.
class Merger {
 public:
  explicit Merger(Stack& stack) : stack_(stack) {}

  void take(const Frame& frame) {
    if (append(frame)) return;
    flush();
    if (!is_mergeable(frame)) return stack_.input(frame);
    merged_ = frame;
    segment_size_ = static_cast<std::uint16_t>(payload_of(frame).size());
    next_ = header_of<TcpHeader>(PacketView(merged_).transport)->sequence + segment_size_;
    is_full_ = false;
  }

  void flush() {
    if (merged_.empty()) return;
    PacketView(merged_).set_length();
    constexpr std::size_t kHeaders = 100;
    std::vector<Bytes> parts;
    for (Bytes left = merged_; !left.empty(); left = left.subspan(parts.back().size())) {
      const std::size_t least = parts.empty() ? kHeaders : 1;
      parts.push_back(left.first(std::min(left.size(), least + ++lengths_ * 577 % (2048 - least))));
    }
    const Merged merged{.rest = std::span(parts).subspan(1), .segment_size = segment_size_};
    stack_.input(parts[0], Integrity::good, merged);
    most_ = std::max(most_, merged_.size());
    merged_.clear();
  }

  /// The longest frame that was handed over.
  [[nodiscard]] std::size_t most() const { return most_; }

 private:
  static Bytes payload_of(const Frame& frame) {
    const auto packet = parse_ipv4(Bytes(frame).subspan(sizeof(EthernetHeader)));
    return parse_tcp(packet->header->source, packet->header->destination, packet->payload)->payload;
  }
  static bool is_mergeable(const Frame& frame) {
    if (header_of<EthernetHeader>(Bytes(frame))->type != EthernetHeader::kIpv4) return false;
    const auto packet = parse_ipv4(Bytes(frame).subspan(sizeof(EthernetHeader)));
    if (!packet || packet->header->protocol != Protocol::tcp || packet->is_fragment()) return false;
    const auto segment = parse_tcp(packet->header->source, packet->header->destination, packet->payload);
    return segment && segment->flags == TcpHeader::kAck && !segment->payload.empty();
  }
  bool append(const Frame& frame) {
    if (merged_.empty() || is_full_ || !is_mergeable(frame)) return false;
    const Bytes payload = payload_of(frame);
    const std::size_t header_size = frame.size() - payload.size();
    if (payload.size() > segment_size_ || merged_.size() + payload.size() > UINT16_MAX) return false;
    // All but length, identification, number and checksums is the same.
    Frame expected(merged_.begin(), merged_.begin() + static_cast<std::ptrdiff_t>(header_size));
    Frame copy = frame;
    const PacketView old(expected);
    const PacketView added(copy);
    old.ip->length = added.ip->length;
    old.ip->identification = added.ip->identification;
    old.ip->checksum = added.ip->checksum;
    header_of<TcpHeader>(old.transport)->sequence = next_;
    header_of<TcpHeader>(old.transport)->checksum = header_of<TcpHeader>(added.transport)->checksum;
    if (!std::equal(expected.begin(), expected.end(), copy.begin())) return false;
    is_full_ = payload.size() < segment_size_;
    next_ += static_cast<std::uint32_t>(payload.size());
    merged_.insert(merged_.end(), payload.begin(), payload.end());
    return true;
  }

  Stack& stack_;
  Frame merged_;
  std::uint16_t segment_size_ = 0;
  std::uint32_t next_ = 0;
  bool is_full_ = false;
  std::size_t lengths_ = 0;
  std::size_t most_ = 0;
};

}  // namespace toro::inet
