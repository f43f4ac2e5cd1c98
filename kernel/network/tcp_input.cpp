// A TCP connection: what comes. In the order of [RFC 9293 3.10.7].
#include <algorithm>

#include "kernel/network/stack.hpp"
#include "kernel/network/tcp.hpp"
#include "kernel/network/tcp_connection.hpp"

namespace toro::inet {
namespace {

constexpr std::uint64_t kTimeWait = 60 * kSecond;  // 2 MSL
constexpr std::uint64_t kAcknowledgmentDelay = 40 * kMillisecond;
constexpr std::uint64_t kLongestUsefulTimestamp = 24 * 86400 * kSecond;  // [RFC 7323 5.5]
constexpr std::uint64_t kGranularity = kMillisecond;
constexpr std::uint64_t kLeastRto = 200 * kMillisecond;  // less than RFC 6298 asks for, as hosts have it
constexpr std::uint64_t kMostRto = 60 * kSecond;

}  // namespace

void TcpConnection::input(const TcpSegment& segment) {
  heard_at_ = now();
  probes_ = 0;
  if (state_ == TcpState::closed) return tcp_.refuse(segment);
  if (state_ == TcpState::syn_sent) return input_in_syn_sent(segment);
  const bool resets = segment.has(TcpHeader::kRst);
  if (state_ == TcpState::syn_received && segment.has(TcpHeader::kSyn) && segment.sequence == irs_) return send_syn();
  if (has_timestamps_ && !segment.timestamps && !resets) return;  // [RFC 7323 3.2]
  if (!timestamps_are_sound(segment)) {
    if (!resets) challenge();
    return;
  }
  if (!is_acceptable(segment)) {
    if (resets) return;
    if (segment.length() == 0) return challenge();
    if (state_ == TcpState::time_wait) tcp_.stack().timers().arm(end_timer_, now() + kTimeWait);
    // A probe of a closed window says what else it has to say. [RFC 9293 3.10.7.4]
    const bool is_probe = rcv_nxt_ == rcv_adv_ && segment.sequence == rcv_nxt_;
    if (is_probe && segment.has(TcpHeader::kAck) && !segment.has(TcpHeader::kSyn) && !take_ack(segment)) return;
    if (state_ != TcpState::closed) send_ack();
    return;
  }
  if (resets) {
    if (segment.sequence != rcv_nxt_) return challenge();  // [RFC 5961 3.2]
    if (state_ == TcpState::time_wait) return;             // [RFC 1337]
    return end(state_ == TcpState::syn_received ? Error::connection_refused : Error::connection_reset);
  }
  if (segment.has(TcpHeader::kSyn)) return challenge();  // [RFC 5961 4.2]
  if (!segment.has(TcpHeader::kAck)) return;
  if (!take_ack(segment)) return;
  take_payload(segment);
  if (state_ == TcpState::closed) return;
  output();
  if (ack_now_) send_ack();
  if (unacknowledged_ != 0 && !acknowledgment_timer_.is_armed())
    tcp_.stack().timers().arm(acknowledgment_timer_, now() + kAcknowledgmentDelay);
}

/// [RFC 9293 3.10.7.3]
void TcpConnection::input_in_syn_sent(const TcpSegment& segment) {
  const bool acknowledges = segment.has(TcpHeader::kAck);
  if (acknowledges && (segment.acknowledgment <= iss_ || segment.acknowledgment > snd_nxt_))
    return tcp_.refuse(segment);
  if (segment.has(TcpHeader::kRst)) {
    if (acknowledges) end(Error::connection_refused);
    return;
  }
  if (!segment.has(TcpHeader::kSyn)) return;
  irs_ = segment.sequence;
  rcv_nxt_ = rcv_adv_ = last_ack_sent_ = segment.sequence + 1;
  take_syn_options(segment);
  snd_wnd_ = max_window_ = segment.window;  // never scaled in a SYN [RFC 7323 2.2]
  snd_wl1_ = segment.sequence;
  snd_wl2_ = segment.acknowledgment;
  if (!acknowledges) {  // both began at once
    state_ = TcpState::syn_received;
    return send_syn();
  }
  snd_una_ = segment.acknowledgment;
  measure_round_trip(segment);
  established();
  output();
  send_ack();
}

void TcpConnection::established() {
  state_ = fin_queued_ ? TcpState::fin_wait_1 : TcpState::established;
  tries_ = 0;
  timed_.reset();
  recovery_point_ = high_rxt_ = snd_una_;
  tcp_.stack().timers().cancel(retransmission_timer_);
  touch_keep_alive();
  if (listener_ == nullptr) return notify();
  listener_->became_ready(*this);
}

/// Each of the four cases. [RFC 9293 3.10.7.4, first]
bool TcpConnection::is_acceptable(const TcpSegment& segment) const {
  const std::uint32_t window = distance(rcv_nxt_, rcv_adv_);
  const auto is_within = [&](Sequence sequence) { return rcv_nxt_ <= sequence && sequence < rcv_nxt_ + window; };
  if (segment.length() == 0) return window == 0 ? segment.sequence == rcv_nxt_ : is_within(segment.sequence);
  return window != 0 && (is_within(segment.sequence) || is_within(segment.end() - 1));
}

void TcpConnection::take_syn_options(const TcpSegment& segment) {
  peer_mss_ = segment.maximum_segment_size.value_or(kDefaultMss);
  scales_ = scales_ && segment.window_scale.has_value();
  snd_shift_ = scales_ ? *segment.window_scale : std::uint8_t{0};
  if (!scales_) rcv_shift_ = 0;
  has_sack_ = has_sack_ && segment.sack_permitted;
  has_timestamps_ = has_timestamps_ && segment.timestamps.has_value();
  if (has_timestamps_) {
    ts_recent_ = segment.timestamps->value;
    ts_recent_at_ = now();
  }
  update_mss();
  congestion_.start(tcp_.settings().congestion, mss_);
}

/// Protection against segments of long ago; takes the time over where the segment is the next one. [RFC 7323 4.3, 5.3]
bool TcpConnection::timestamps_are_sound(const TcpSegment& segment) {
  if (!has_timestamps_ || segment.has(TcpHeader::kRst)) return true;
  const bool is_older = static_cast<std::int32_t>(segment.timestamps->value - ts_recent_) < 0;
  if (is_older && now() - ts_recent_at_ < kLongestUsefulTimestamp) return false;
  if (segment.sequence <= last_ack_sent_ && segment.end() >= last_ack_sent_) {
    ts_recent_ = segment.timestamps->value;
    ts_recent_at_ = now();
  }
  return true;
}

/// Says where we are, to a peer that may have lost its way, or to somebody who guesses. [RFC 5961 7]
void TcpConnection::challenge() {
  constexpr unsigned kMostInSecond = 10;
  if (now() - challenges_from_ >= kSecond) {
    challenges_from_ = now();
    challenges_ = 0;
  }
  if (++challenges_ <= kMostInSecond) send_ack();
}

/// False where nothing else of the segment counts.
bool TcpConnection::take_ack(const TcpSegment& segment) {
  const Sequence ack = segment.acknowledgment;
  if (state_ == TcpState::syn_received) {
    if (ack <= snd_una_ || ack > snd_nxt_) {
      tcp_.refuse(segment);
      return false;
    }
    snd_una_ = iss_ + 1;
    snd_wnd_ = max_window_ = std::uint32_t{segment.window} << snd_shift_;
    snd_wl1_ = segment.sequence;
    snd_wl2_ = ack;
    measure_round_trip(segment);
    established();
    return true;
  }
  if (ack > snd_nxt_ || ack < snd_una_ - max_window_) {  // [RFC 5961 5.2]
    challenge();
    return false;
  }
  bool has_news = false;
  if (has_sack_ && ack >= snd_una_) take_sack(segment, has_news);
  const std::uint32_t window_before = snd_wnd_;
  take_window(segment);
  if (ack > snd_una_) {
    take_new_ack(segment);
    return state_ != TcpState::closed;
  }
  const bool is_duplicate =
      ack == snd_una_ && flight() != 0 && (has_sack_ ? has_news : segment.length() == 0 && snd_wnd_ == window_before);
  if (is_duplicate) take_duplicate();
  return true;
}

void TcpConnection::take_new_ack(const TcpSegment& segment) {
  const std::uint32_t acknowledged = distance(snd_una_, segment.acknowledgment);
  const auto data = static_cast<std::uint32_t>(std::min<std::size_t>(acknowledged, queued_));
  const bool was_full = window_was_full_;
  fin_acknowledged_ = fin_acknowledged_ || acknowledged > data;
  queued_ -= data;
  send_buffer_.drop(data, queued_);
  snd_una_ = segment.acknowledgment;
  sacked_.remove_below(snd_una_);
  high_rxt_ = later(high_rxt_, snd_una_);
  measure_round_trip(segment);
  tries_ = 0;
  if (phase_ != Phase::recovery && was_full)
    congestion_.acknowledged(acknowledged, now() / kMillisecond, static_cast<std::uint32_t>(srtt_ / kMillisecond));
  if (phase_ != Phase::open && snd_una_ >= recovery_point_) phase_ = Phase::open;
  if (phase_ == Phase::open)
    duplicates_ = 0;
  else
    take_partial_ack(acknowledged);
  tcp_.stack().timers().cancel(retransmission_timer_);
  arm_retransmission();
  if (fin_acknowledged_) {
    if (state_ == TcpState::last_ack) return end(std::nullopt);
    if (state_ == TcpState::closing) enter_time_wait();
    if (state_ == TcpState::fin_wait_1) {
      state_ = TcpState::fin_wait_2;
      if (!has_user_) tcp_.stack().timers().arm(end_timer_, now() + kTimeWait);
    }
    if (!has_user_) tcp_.stack().notify();
  }
  notify();
}

/// [RFC 9293 3.10.7.4, fifth]
void TcpConnection::take_window(const TcpSegment& segment) {
  const Sequence ack = segment.acknowledgment;
  if (ack < snd_una_) return;
  if (segment.sequence < snd_wl1_ || (segment.sequence == snd_wl1_ && ack < snd_wl2_)) return;
  const bool opens = snd_wnd_ == 0 && segment.window != 0;
  snd_wnd_ = std::uint32_t{segment.window} << snd_shift_;
  max_window_ = std::max(max_window_, snd_wnd_);
  snd_wl1_ = segment.sequence;
  snd_wl2_ = ack;
  if (!opens) return;
  tries_ = 0;
  tcp_.stack().timers().cancel(retransmission_timer_);
  if (ack == snd_una_ && flight() == 1) {  // a probe, which was not taken: it goes again with what follows
    snd_nxt_ = snd_una_;
    return;
  }
  if (flight() == 0) return;
  phase_ = Phase::loss;  // what was sent into the closed window goes again
  recovery_point_ = snd_nxt_;
  high_rxt_ = snd_una_;
}

/// [RFC 6298 2]
void TcpConnection::measure_round_trip(const TcpSegment& segment) {
  std::uint64_t sample;
  if (has_timestamps_ && segment.timestamps) {
    const std::uint32_t milliseconds = timestamp() - segment.timestamps->echo;
    if (segment.timestamps->echo == 0 || milliseconds > kMostRto / kMillisecond) return;
    sample = std::max(milliseconds * kMillisecond, kGranularity);
  } else {
    if (!timed_ || segment.acknowledgment <= *timed_) return;
    timed_.reset();
    sample = std::max(now() - timed_at_, kGranularity);
  }
  if (srtt_ == 0) {
    srtt_ = sample;
    rttvar_ = sample / 2;
  } else {
    const std::uint64_t error = srtt_ > sample ? srtt_ - sample : sample - srtt_;
    rttvar_ = rttvar_ - rttvar_ / 4 + error / 4;
    srtt_ = srtt_ - srtt_ / 8 + sample / 8;
  }
  rto_ = std::clamp(srtt_ + std::max(kGranularity, 4 * rttvar_), kLeastRto, kMostRto);
}

/// Puts `size` bytes of the payload, from `begin` on, where they belong; false where memory is out.
bool TcpConnection::keep_payload(const TcpSegment& segment, Sequence begin, std::uint32_t size) {
  std::size_t skipped = distance(segment.sequence, begin);
  std::size_t offset = readable_ + distance(rcv_nxt_, begin);
  const std::size_t end = offset + size;
  const auto keep = [&](Bytes part) {
    const std::size_t over = std::min(skipped, part.size());
    skipped -= over;
    part = part.subspan(over);
    part = part.first(std::min(part.size(), end - offset));
    offset += part.size();
    return part.empty() || receive_buffer_.write(offset - part.size(), part) == part.size();
  };
  return keep(segment.payload) && std::ranges::all_of(segment.merged.rest, keep);
}

/// [RFC 9293 3.10.7.4, seventh]
void TcpConnection::take_payload(const TcpSegment& segment) {
  const bool takes =
      state_ == TcpState::established || state_ == TcpState::fin_wait_1 || state_ == TcpState::fin_wait_2;
  if (!takes) return;
  Sequence begin = segment.sequence;
  std::uint32_t size = segment.payload_size();
  if (size != 0 && !has_user_) {  // nobody is left to read it [RFC 9293 3.6.1]
    send_reset();
    return end(Error::connection_reset);
  }
  if (begin < rcv_nxt_) {
    size -= std::min(distance(begin, rcv_nxt_), size);
    begin = rcv_nxt_;
    ack_now_ = true;
  }
  const Sequence limit = fin_ ? earlier(*fin_, rcv_adv_) : rcv_adv_;
  const std::uint32_t room = begin < limit ? distance(begin, limit) : 0;
  const bool is_cut = size > room;
  if (is_cut) size = room;
  if (segment.has(TcpHeader::kFin) && !is_cut && !fin_) fin_ = segment.end() - 1;
  if (size != 0) {
    const std::uint32_t longest = segment.merged.segment_size;
    rcv_mss_ = std::max(rcv_mss_, longest == 0 ? size : std::min(longest, size));
    ack_now_ = ack_now_ || begin != rcv_nxt_ || !out_of_order_.empty();
    if (!keep_payload(segment, begin, size) || !out_of_order_.add({begin, begin + size})) {
      ack_now_ = true;
      return;
    }
    latest_ = begin;
    if (begin == rcv_nxt_) {
      const Sequence end = out_of_order_.all()[0].end;
      const std::uint32_t advance = distance(rcv_nxt_, end);
      readable_ += advance;
      unacknowledged_ += advance;
      rcv_nxt_ = end;
      out_of_order_.remove_below(end);
      if (unacknowledged_ >= 2 * rcv_mss_) ack_now_ = true;
      if (receive_shut_) shutdown_receiving();
      notify();
    }
  }
  advance_to_fin();
}

/// [RFC 9293 3.10.7.4, eighth]
void TcpConnection::advance_to_fin() {
  if (!fin_ || fin_received_) return;
  ack_now_ = true;
  if (rcv_nxt_ != *fin_) return;
  fin_received_ = true;
  rcv_nxt_ += 1;
  rcv_adv_ = later(rcv_adv_, rcv_nxt_);
  if (state_ == TcpState::established)
    state_ = TcpState::close_wait;
  else if (state_ == TcpState::fin_wait_1)
    state_ = TcpState::closing;
  else if (state_ == TcpState::fin_wait_2)
    enter_time_wait();
  notify();
}

void TcpConnection::enter_time_wait() {
  state_ = TcpState::time_wait;
  TimerQueue& timers = tcp_.stack().timers();
  timers.cancel(retransmission_timer_);
  timers.cancel(keep_alive_timer_);
  timers.arm(end_timer_, now() + kTimeWait);
  tcp_.entered_time_wait(*this);
  notify();
}

}  // namespace toro::inet
