// A TCP connection: what goes, and when. [RFC 9293 3.8.6]
#include <algorithm>
#include <cstddef>
#include <cstring>

#include "kernel/network/checksum.hpp"
#include "kernel/network/stack.hpp"
#include "kernel/network/tcp.hpp"
#include "kernel/network/tcp_connection.hpp"

namespace toro::inet {
namespace {

constexpr std::size_t kMostOptions = 40;
constexpr std::size_t kTimestampsSize = 12;
constexpr std::size_t kSackHeadSize = 4;
constexpr std::size_t kSackBlockSize = 8;

/// Puts options one behind the other.
class OptionWriter {
 public:
  explicit OptionWriter(MutableBytes to) : to_(to) {}
  void byte(std::uint8_t value) { to_[size_++] = std::byte{value}; }
  void word(std::uint32_t value) {
    store(to_.data() + size_, Big32(value));
    size_ += sizeof value;
  }
  void head(std::uint8_t kind, std::size_t payload) {
    byte(kind);
    byte(static_cast<std::uint8_t>(2 + payload));
  }
  void pad(unsigned count) {
    for (; count > 0; --count) byte(TcpOption::kNoOperation);
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  MutableBytes to_;
  std::size_t size_ = 0;
};

std::size_t sack_blocks(const Ranges& ranges, bool has_timestamps) {
  const std::size_t room = kMostOptions - (has_timestamps ? kTimestampsSize : 0) - kSackHeadSize;
  return std::min(ranges.all().size(), room / kSackBlockSize);
}

}  // namespace

std::size_t TcpConnection::write_options(MutableBytes to, std::uint8_t flags) const {
  OptionWriter options(to);
  if ((flags & TcpHeader::kSyn) != 0) {
    const std::size_t mss = tcp_.stack().mtu_to(remote_.address) - sizeof(Ipv4Header) - sizeof(TcpHeader);
    options.head(TcpOption::kMaximumSegmentSize, 2);
    options.byte(static_cast<std::uint8_t>(mss >> 8));
    options.byte(static_cast<std::uint8_t>(mss));
    if (scales_) {
      options.pad(1);
      options.head(TcpOption::kWindowScale, 1);
      options.byte(rcv_shift_);
    }
    if (has_sack_) {
      options.pad(2);
      options.head(TcpOption::kSackPermitted, 0);
    }
  }
  if (has_timestamps_) {
    options.pad(2);
    options.head(TcpOption::kTimestamps, 8);
    options.word(timestamp());
    options.word((flags & TcpHeader::kAck) != 0 ? ts_recent_ : 0);
  }
  if (has_sack_ && !out_of_order_.empty() && (flags & (TcpHeader::kSyn | TcpHeader::kRst)) == 0) {
    // What came last is told first, for the others were told before. [RFC 2018 4]
    const auto ranges = out_of_order_.all();
    const std::size_t count = sack_blocks(out_of_order_, has_timestamps_);
    const auto latest =
        std::ranges::find_if(ranges, [&](const Range& range) { return range.begin <= latest_ && latest_ < range.end; });
    const auto first = static_cast<std::size_t>(latest - ranges.begin()) % ranges.size();
    options.pad(2);
    options.head(TcpOption::kSack, count * kSackBlockSize);
    for (std::size_t i = 0; i < count; ++i) {
      const Range& range = ranges[(first + i) % ranges.size()];
      options.word(range.begin.value);
      options.word(range.end.value);
    }
  }
  return options.size();
}

/// Of payload, beside the options that go with it.
std::uint32_t TcpConnection::piece_limit() const {
  if (!has_sack_ || out_of_order_.empty()) return mss_;
  return mss_ -
         static_cast<std::uint32_t>(kSackHeadSize + kSackBlockSize * sack_blocks(out_of_order_, has_timestamps_));
}

/// What can be told: an acknowledgment that tells of no more than the one before would be taken for a duplicate.
std::uint32_t TcpConnection::receive_window() const {
  const std::size_t space = receive_buffer_.capacity() - readable_;
  return static_cast<std::uint32_t>(std::min({space, tcp_.received_.left(), std::size_t{UINT16_MAX} << rcv_shift_}));
}

/// The right edge never goes back, and moves only by a segment or half of the buffer. [RFC 9293 3.8.6.2.2]
std::uint16_t TcpConnection::window_field(std::uint8_t flags) {
  const Sequence edge = rcv_nxt_ + receive_window();
  const auto step = std::min(static_cast<std::uint32_t>(receive_buffer_.capacity() / 2), rcv_mss_);
  if (edge >= rcv_adv_ + step) rcv_adv_ = edge;
  const unsigned shift = (flags & TcpHeader::kSyn) != 0 ? 0 : rcv_shift_;
  const std::uint32_t window = std::min(distance(rcv_nxt_, rcv_adv_) >> shift, std::uint32_t{UINT16_MAX});
  if ((flags & TcpHeader::kSyn) != 0 || window == UINT16_MAX) rcv_adv_ = rcv_nxt_ + (window << shift);
  return static_cast<std::uint16_t>(window);
}

void TcpConnection::offer_window_if_it_grew() {
  if (state_ != TcpState::established && state_ != TcpState::fin_wait_1 && state_ != TcpState::fin_wait_2) return;
  const std::uint32_t offered = distance(rcv_nxt_, rcv_adv_);
  const std::uint32_t window = receive_window();
  const auto quarter = static_cast<std::uint32_t>(receive_buffer_.capacity() / 4);
  if (window >= offered + quarter || (offered < 2 * rcv_mss_ && window >= offered + 2 * rcv_mss_)) send_ack();
}

/// Of payload that may go as one packet, which the device cuts into such segments.
std::uint32_t TcpConnection::burst_limit(std::uint32_t segment) const {
  constexpr std::uint32_t kMost = UINT16_MAX - sizeof(Ipv4Header) - sizeof(TcpHeader) - kMostOptions;
  return tcp_.stack().may_leave_segmentation(remote_.address) ? kMost - kMost % segment : segment;
}

/// With `data` bytes of the send buffer from `sequence` on.
void TcpConnection::send_segment(std::uint8_t flags, Sequence sequence, std::uint32_t data) {
  Stack& stack = tcp_.stack();
  const MutableBytes room = stack.room();
  const std::size_t options = write_options(room.subspan(sizeof(TcpHeader)), flags);
  const std::size_t header_size = sizeof(TcpHeader) + options;
  const bool acknowledges = (flags & TcpHeader::kAck) != 0;
  const TcpHeader header{.source = local_.port,
                         .destination = remote_.port,
                         .sequence = sequence.value,
                         .acknowledgment = acknowledges ? rcv_nxt_.value : std::uint32_t{0},
                         .words = static_cast<std::uint8_t>(header_size / 4 << 4),
                         .flags = flags,
                         .window = window_field(flags)};
  std::memcpy(room.data(), &header, sizeof header);
  Checksum sum;
  sum.add_pseudo_header(local_.address, remote_.address, Protocol::tcp, header_size + data);
  std::size_t built = header_size;
  static_assert(Packet::kMostParts >= ByteWindow::parts_of(UINT16_MAX));
  std::size_t parts = 0;
  Unfinished unfinished;
  if (stack.may_leave_checksum(remote_.address)) {
    parts = send_buffer_.view(distance(snd_una_, sequence), data, stack.room_for_parts());
    unfinished.checksum_offset = offsetof(TcpHeader, checksum);
    if (const std::uint32_t segment = piece_limit(); data > segment)
      unfinished.segment_size = static_cast<std::uint16_t>(segment);
    header_of<TcpHeader>(room)->checksum = static_cast<std::uint16_t>(~sum.value());
  } else {
    if (data != 0) send_buffer_.read(distance(snd_una_, sequence), room.subspan(header_size, data));
    built += data;
    sum.add(room.first(built));
    header_of<TcpHeader>(room)->checksum = sum.value();
  }
  if (acknowledges) {
    ack_now_ = false;
    unacknowledged_ = 0;
    last_ack_sent_ = rcv_nxt_;
    stack.timers().cancel(acknowledgment_timer_);
  }
  static_cast<void>(stack.send_built({.protocol = Protocol::tcp,
                                      .source = local_.address,
                                      .destination = remote_.address,
                                      .fragments = PacketOptions::Fragments::forbidden,
                                      .rest = stack.room_for_parts().first(parts),
                                      .unfinished = unfinished},
                                     built));
}

void TcpConnection::send_syn() {
  const bool answers = state_ == TcpState::syn_received;
  if (snd_nxt_ == iss_) {
    timed_ = iss_;
    timed_at_ = now();
  }
  snd_nxt_ = iss_ + 1;
  rcv_adv_ = answers ? rcv_nxt_ : rcv_adv_;
  send_segment(static_cast<std::uint8_t>(TcpHeader::kSyn | (answers ? TcpHeader::kAck : 0)), iss_, 0);
  arm_retransmission();
}

void TcpConnection::send_reset() {
  send_segment(TcpHeader::kRst | TcpHeader::kAck, snd_nxt_, 0);
}

/// A piece that was sent before goes again, one at SND.NXT for the first time.
void TcpConnection::send_piece(const Piece& piece) {
  const Sequence end = piece.begin + piece.size;
  const std::uint32_t left = piece.begin < data_end() ? distance(piece.begin, data_end()) : 0;
  const std::uint32_t data = std::min(piece.size, left);
  std::uint8_t flags = TcpHeader::kAck;
  if (data != 0 && piece.begin + data == data_end()) flags |= TcpHeader::kPsh;
  if (end > data_end()) flags |= TcpHeader::kFin;
  if (end > snd_nxt_) {
    snd_nxt_ = end;
    if (!timed_) {
      timed_ = piece.begin;
      timed_at_ = now();
    }
  } else {
    ++retransmissions_;
    timed_.reset();  // Karn's algorithm [RFC 6298 3]
  }
  sent_at_ = now();
  send_segment(flags, piece.begin, data);
}

/// What was never sent, if it may go now: by the window, without the silly window syndrome [RFC 9293 3.8.6.2.1], and by
/// Nagle [RFC 9293 3.7.4]. A segment, or as many whole ones as go at once and as `room` bytes of the congestion window
/// allow.
std::optional<TcpConnection::Piece> TcpConnection::next_new_piece(std::uint32_t room) const {
  const std::uint32_t left = distance(snd_nxt_, send_end());
  if (left == 0) return std::nullopt;
  const std::uint32_t data_left = snd_nxt_ < data_end() ? distance(snd_nxt_, data_end()) : 0;
  if (data_left == 0) return Piece{snd_nxt_, 1};  // the FIN
  const Sequence edge = snd_una_ + snd_wnd_;
  const std::uint32_t usable = snd_nxt_ < edge ? distance(snd_nxt_, edge) : 0;
  const std::uint32_t limit = piece_limit();
  std::uint32_t size = std::min({data_left, usable, std::max(limit, std::min(room, burst_limit(limit)))});
  if (size == 0) return std::nullopt;
  const bool tail_may_go = size == data_left && (no_delay_ || fin_queued_);
  if (size > limit && !tail_may_go) size -= size % limit;
  const bool is_rest = size == data_left;
  const bool may_go = size >= limit || (is_rest ? no_delay_ || fin_queued_ || flight() == 0 : size >= max_window_ / 2);
  if (!may_go) return std::nullopt;
  return Piece{snd_nxt_, size + (is_rest && left > data_left ? 1U : 0U)};
}

void TcpConnection::output() {
  if (is_connecting() || state_ == TcpState::closed || state_ == TcpState::time_wait) return;
  for (;;) {
    auto piece = next_lost_piece();
    const bool goes_again = piece.has_value();
    const std::uint32_t under_way = pipe();
    if (!piece) piece = next_new_piece(congestion_.window() - std::min(congestion_.window(), under_way));
    if (!piece) break;
    if (under_way != 0 && under_way + piece->size > congestion_.window()) {
      window_was_full_ = true;
      break;
    }
    window_was_full_ = under_way + piece->size + mss_ > congestion_.window();
    send_piece(*piece);
    if (goes_again) high_rxt_ = piece->begin + piece->size;
  }
  arm_retransmission();
}

}  // namespace toro::inet
