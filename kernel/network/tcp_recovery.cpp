// A TCP connection: what was lost, and when it goes again. [RFC 5681, RFC 6298, RFC 6582, RFC 6675]
#include <algorithm>

#include "kernel/network/stack.hpp"
#include "kernel/network/tcp.hpp"
#include "kernel/network/tcp_connection.hpp"

namespace toro::inet {
namespace {

constexpr std::uint32_t kDuplicateThreshold = 3;
constexpr unsigned kMostSynTries = 7;    // more than 3 minutes [RFC 9293 3.8.3]
constexpr unsigned kMostDataTries = 15;  // more than 100 seconds
constexpr std::uint64_t kMostRto = 60 * kSecond;
constexpr std::uint64_t kMostSilence = 900 * kSecond;  // of a peer whose window is closed

}  // namespace

/// `f(begin, end, sacked)` for each part of what is under way that the peer does not have, as far as it told; `sacked`
/// are the bytes above that it has. Until `f` says false.
template <class F>
void TcpConnection::for_each_gap(F f) const {
  Sequence begin = snd_una_;
  std::uint32_t sacked = sacked_.bytes();
  for (const Range& range : sacked_.all()) {
    if (begin < range.begin && !f(begin, range.begin, sacked)) return;
    begin = range.end;
    sacked -= range.size();
  }
  if (begin < snd_nxt_) f(begin, snd_nxt_, sacked);
}

/// IsLost(). [RFC 6675 4]
bool TcpConnection::is_lost(Sequence begin) const {
  std::uint32_t ranges = 0;
  std::uint32_t bytes = 0;
  for (const Range& range : sacked_.all()) {
    if (range.begin < begin) continue;
    ++ranges;
    bytes += range.size();
  }
  return ranges >= kDuplicateThreshold || bytes > (kDuplicateThreshold - 1) * mss_;
}

/// An estimate of the bytes that are in the network. Without SACK each duplicate acknowledgment stands for a segment
/// that has left it. [RFC 6675 4 SetPipe()]
std::uint32_t TcpConnection::pipe() const {
  std::uint32_t sum = 0;
  for_each_gap([&](Sequence begin, Sequence end, std::uint32_t) {
    std::uint32_t lost = 0;
    if (phase_ == Phase::loss && begin < recovery_point_) lost = distance(begin, earlier(end, recovery_point_));
    if (phase_ == Phase::recovery) {
      if (has_sack_ && is_lost(begin)) lost = distance(begin, end);
      if (!has_sack_) lost = std::min(distance(begin, end), mss_);
    }
    sum += distance(begin, end) - lost;
    if (phase_ != Phase::open && begin < high_rxt_) sum += distance(begin, earlier(end, high_rxt_));
    return true;
  });
  const std::uint32_t left = has_sack_ ? 0 : duplicates_ * mss_;
  return sum - std::min(sum, left);
}

/// NextSeg(), of what was sent before. [RFC 6675 4]
std::optional<TcpConnection::Piece> TcpConnection::next_lost_piece() const {
  if (phase_ == Phase::open || snd_wnd_ == 0) return std::nullopt;
  std::optional<Piece> found;
  for_each_gap([&](Sequence begin, Sequence end, std::uint32_t) {
    const Sequence from = later(begin, high_rxt_);
    end = earlier(end, recovery_point_);
    if (from >= end) return true;
    bool is_next = phase_ == Phase::loss;
    if (phase_ == Phase::recovery) is_next = has_sack_ ? is_lost(begin) : high_rxt_ <= snd_una_;
    if (is_next) found = Piece{from, std::min(distance(from, end), piece_limit())};
    return !is_next;
  });
  return found;
}

void TcpConnection::take_sack(const TcpSegment& segment, bool& is_news) {
  for (std::size_t i = 0; i < segment.sack_count; ++i) {
    const Range& block = segment.sack[i];
    const bool is_sound = snd_una_ < block.begin && block.begin < block.end && block.end <= snd_nxt_ &&
                          segment.acknowledgment <= block.begin;
    if (!is_sound || sacked_.has(block)) continue;
    if (sacked_.add(block)) is_news = true;
  }
}

void TcpConnection::take_duplicate() {
  ++duplicates_;
  if (phase_ != Phase::open || snd_una_ < recovery_point_) return;
  if (duplicates_ >= kDuplicateThreshold || (has_sack_ && is_lost(snd_una_))) begin_recovery();
}

void TcpConnection::begin_recovery() {
  phase_ = Phase::recovery;
  recovery_point_ = snd_nxt_;
  congestion_.lost(flight());
  Sequence end = snd_nxt_;
  if (!sacked_.empty()) end = earlier(end, sacked_.all()[0].begin);
  const Piece first{snd_una_, std::min(distance(snd_una_, end), piece_limit())};
  high_rxt_ = snd_una_ + first.size;
  send_piece(first);  // whatever the window says [RFC 6675 5 (4.3)]
}

/// What else was lost of the flight is sent at once. [RFC 6582 3.2 step 3]
void TcpConnection::take_partial_ack(std::uint32_t acknowledged) {
  const std::uint32_t segments = acknowledged / mss_;
  duplicates_ -= std::min(duplicates_, segments);
}

void TcpConnection::arm_retransmission() {
  TimerQueue& timers = tcp_.stack().timers();
  const bool waits = flight() != 0 || send_end() != snd_nxt_;
  if (!waits) return timers.cancel(retransmission_timer_);
  if (!retransmission_timer_.is_armed())
    timers.arm(retransmission_timer_, now() + std::min(rto_ << std::min(tries_, 16U), kMostRto));
}

void TcpConnection::retransmission_expired() {
  ++tries_;
  if (is_connecting()) {
    if (tries_ > kMostSynTries) return end(Error::timed_out);
    timed_.reset();
    return send_syn();
  }
  if (snd_wnd_ == 0 || flight() == 0) return probe_window();
  if (tries_ > kMostDataTries) return end(Error::timed_out);
  if (tries_ == 1) congestion_.timed_out(flight());
  // What the peer said it has is believed once: it may have thrown it away. [RFC 2018 8]
  if (tries_ > 1) sacked_.clear();
  phase_ = Phase::loss;
  recovery_point_ = snd_nxt_;
  high_rxt_ = snd_una_;
  duplicates_ = 0;
  timed_.reset();
  output();
}

/// A byte beyond a closed window, so that the peer says when it is open; or what fits into one that is too small for
/// more. [RFC 9293 3.8.6.1]
void TcpConnection::probe_window() {
  if (now() - heard_at_ > kMostSilence) return end(Error::timed_out);
  if (flight() != 0) {
    send_piece({snd_una_, 1});
  } else if (const std::uint32_t left = distance(snd_nxt_, send_end()); left != 0) {
    send_piece({snd_nxt_, std::clamp(std::min(left, snd_wnd_), 1U, piece_limit())});
  }
  arm_retransmission();
}

}  // namespace toro::inet
