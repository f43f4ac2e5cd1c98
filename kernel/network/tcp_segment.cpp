// TCP's segments, as they are received.
#include "kernel/network/tcp_segment.hpp"

#include <algorithm>

#include "kernel/network/checksum.hpp"

namespace toro::inet {
namespace {

struct SackBlock {
  Big32 begin;
  Big32 end;
};

void take_option(TcpSegment& segment, std::uint8_t kind, Bytes value) {
  const auto* const word = header_of<Big32>(value);
  switch (kind) {
    case TcpOption::kMaximumSegmentSize:
      if (value.size() == sizeof(Big16)) segment.maximum_segment_size = *header_of<Big16>(value);
      break;
    case TcpOption::kWindowScale:
      if (value.size() == 1) segment.window_scale = std::min(std::to_integer<std::uint8_t>(value[0]), kMostWindowScale);
      break;
    case TcpOption::kSackPermitted:
      segment.sack_permitted = value.empty();
      break;
    case TcpOption::kTimestamps:
      if (value.size() == 2 * sizeof(Big32))
        segment.timestamps = {*word, *header_of<Big32>(value.subspan(sizeof(Big32)))};
      break;
    case TcpOption::kSack:
      segment.sack_count = 0;
      for (; segment.sack_count < segment.sack.size() && value.size() >= sizeof(SackBlock);
           value = value.subspan(sizeof(SackBlock))) {
        const auto& block = *header_of<SackBlock>(value);
        segment.sack[segment.sack_count++] = {{block.begin}, {block.end}};
      }
      break;
    default:
      break;
  }
}

/// Options of a known kind but a wrong length are passed over; what does not even end well makes the segment worthless.
bool take_options(TcpSegment& segment, Bytes options) {
  // Nearly all segments have timestamps alone, laid so. [RFC 7323 appendix A]
  struct AlignedTimestamps {
    Big32 head;
    Big32 value;
    Big32 echo;
  };
  constexpr std::uint32_t kHead =
      TcpOption::kNoOperation << 24 | TcpOption::kNoOperation << 16 | TcpOption::kTimestamps << 8 | 10;
  const auto* const aligned = header_of<AlignedTimestamps>(options);
  if (options.size() == sizeof(AlignedTimestamps) && aligned->head == kHead) {
    segment.timestamps = {aligned->value, aligned->echo};
    return true;
  }
  while (!options.empty()) {
    const auto kind = std::to_integer<std::uint8_t>(options[0]);
    if (kind == TcpOption::kEnd) return true;
    if (kind == TcpOption::kNoOperation) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2) return false;
    const auto length = std::to_integer<std::size_t>(options[1]);
    if (length < 2 || length > options.size()) return false;
    take_option(segment, kind, options.subspan(2, length - 2));
    options = options.subspan(length);
  }
  return true;
}

}  // namespace

Parsed<TcpSegment> parse_tcp(Ipv4Address source, Ipv4Address destination, Bytes payload, Integrity integrity) {
  const auto* const header = header_of<TcpHeader>(payload);
  if (header == nullptr) return std::unexpected(Drop::too_short);
  const std::size_t header_size = (header->words >> 4U) * std::size_t{4};
  if (header_size < sizeof(TcpHeader) || header_size > payload.size()) return std::unexpected(Drop::bad_length);
  if (integrity == Integrity::unknown && !is_intact(source, destination, Protocol::tcp, payload))
    return std::unexpected(Drop::bad_checksum);
  TcpSegment segment{.source = {source, header->source},
                     .destination = {destination, header->destination},
                     .sequence = {header->sequence},
                     .acknowledgment = {header->acknowledgment},
                     .flags = header->flags,
                     .window = header->window,
                     .payload = payload.subspan(header_size),
                     .merged = {},
                     .maximum_segment_size = {},
                     .window_scale = {},
                     .timestamps = {}};
  if (!take_options(segment, payload.subspan(sizeof(TcpHeader), header_size - sizeof(TcpHeader))))
    return std::unexpected(Drop::bad_option);
  return segment;
}

}  // namespace toro::inet
