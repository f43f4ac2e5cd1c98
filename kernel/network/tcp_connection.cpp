// A TCP connection: what its user does with it, and how it begins and ends.
#include "kernel/network/tcp_connection.hpp"

#include <algorithm>
#include <bit>

#include "kernel/network/stack.hpp"
#include "kernel/network/tcp.hpp"

namespace toro::inet {
namespace {

constexpr std::uint64_t kOrphanLifetime = 60 * kSecond;  // FIN-WAIT-2 without a user

/// Keep-alive is timed by whole seconds: connections that are quiet wake the core together.
std::uint64_t next_second(std::uint64_t time) {
  return (time / kSecond + 1) * kSecond;
}

}  // namespace

TcpConnection::TcpConnection(Tcp& tcp, Endpoint local, Endpoint remote)
    : tcp_(tcp),
      local_(local),
      remote_(remote),
      send_buffer_(tcp.to_send_, tcp.settings().send_capacity),
      receive_buffer_(tcp.received_, tcp.settings().receive_capacity),
      retransmission_timer_(this, [](void* self) { static_cast<TcpConnection*>(self)->retransmission_expired(); }),
      acknowledgment_timer_(this, [](void* self) { static_cast<TcpConnection*>(self)->send_ack(); }),
      keep_alive_timer_(this, [](void* self) { static_cast<TcpConnection*>(self)->keep_alive_expired(); }),
      end_timer_(this, [](void* self) { static_cast<TcpConnection*>(self)->end(std::nullopt); }) {
  const Tcp::Beginning beginning = tcp.beginning_of(local, remote);
  iss_ = snd_una_ = snd_nxt_ = recovery_point_ = high_rxt_ = beginning.sequence;
  ts_offset_ = beginning.timestamp_offset;
  const Tcp::Settings& settings = tcp.settings();
  has_timestamps_ = settings.timestamps;
  has_sack_ = settings.sack;
  scales_ = settings.window_scaling;
  const std::size_t capacity = receive_buffer_.capacity();
  rcv_shift_ = static_cast<std::uint8_t>(std::max(0, static_cast<int>(std::bit_width(capacity)) - 16));
}

TcpConnection::~TcpConnection() {
  TimerQueue& timers = tcp_.stack().timers();
  for (Timer* timer : {&retransmission_timer_, &acknowledgment_timer_, &keep_alive_timer_, &end_timer_})
    timers.cancel(*timer);
}

std::uint64_t TcpConnection::now() const {
  return tcp_.stack().environment().now();
}

/// A clock of milliseconds that begins anywhere. [RFC 7323 5.4]
std::uint32_t TcpConnection::timestamp() const {
  return static_cast<std::uint32_t>(now() / kMillisecond) + ts_offset_;
}

void TcpConnection::notify() const {
  if (observer_ != nullptr) observer_->changed();
}

void TcpConnection::update_mss() {
  constexpr std::size_t kHeaders = sizeof(Ipv4Header) + sizeof(TcpHeader);
  constexpr std::uint32_t kTimestamps = 12;
  constexpr std::uint32_t kLeast = 64;  // a peer that asks for less gets this
  const auto own = static_cast<std::uint32_t>(tcp_.stack().mtu_to(remote_.address) - kHeaders);
  mss_ = std::max(std::min<std::uint32_t>(own, peer_mss_) - (has_timestamps_ ? kTimestamps : 0), kLeast);
  congestion_.set_mss(mss_);
}

void TcpConnection::connect() {
  state_ = TcpState::syn_sent;
  send_syn();
}

void TcpConnection::take_first_syn(const TcpSegment& syn) {
  state_ = TcpState::syn_received;
  irs_ = syn.sequence;
  rcv_nxt_ = rcv_adv_ = last_ack_sent_ = syn.sequence + 1;
  take_syn_options(syn);
}

void TcpConnection::accept(const TcpSegment& syn, TcpListener& listener) {
  take_first_syn(syn);
  listener.begin(*this);
  send_syn();
}

void TcpConnection::answer_by_cookie(const TcpSegment& syn, Sequence cookie) {
  TcpSegment kept = syn;
  if (!has_timestamps_ || !syn.timestamps) {  // nothing would bring them back
    kept.window_scale.reset();
    kept.sack_permitted = false;
  }
  take_first_syn(kept);
  ts_offset_ += SynCookies::timestamp(timestamp(), kept) - timestamp();
  send_segment(TcpHeader::kSyn | TcpHeader::kAck, cookie, 0);
}

void TcpConnection::accept_cookie(const TcpSegment& syn, Sequence cookie, TcpListener& listener) {
  ts_offset_ += SynCookies::kTimeStep;  // later than the time that went with the cookie
  iss_ = snd_una_ = cookie;
  snd_nxt_ = iss_ + 1;
  take_first_syn(syn);
  rcv_adv_ = rcv_nxt_ + std::min<std::uint32_t>(receive_window(), UINT16_MAX);  // as it was offered
  listener.begin(*this);
}

bool TcpConnection::may_be_replaced_by(const TcpSegment& syn) const {
  if (state_ != TcpState::time_wait) return false;
  if (syn.timestamps && has_timestamps_) return static_cast<std::int32_t>(syn.timestamps->value - ts_recent_) > 0;
  return syn.sequence > rcv_nxt_;
}

bool TcpConnection::is_readable() const {
  return readable_ != 0 || has_ended_receiving() || has_error();
}

bool TcpConnection::is_writable() const {
  if (is_connecting()) return false;
  return has_error() || has_ended_sending() || queued_ < send_buffer_.capacity();
}

Result<std::size_t> TcpConnection::send(Bytes bytes) {
  if (error_) return failure(*take_error());
  if (fin_queued_ || state_ == TcpState::closed) return failure(Error::broken_pipe);
  if (is_connecting()) return failure(Error::again);
  const std::size_t room = std::min(bytes.size(), send_buffer_.capacity() - queued_);
  if (room == 0) return bytes.empty() ? Result<std::size_t>(0) : failure(Error::again);
  const std::size_t size = send_buffer_.write(queued_, bytes.first(room));
  if (size == 0) return failure(Error::no_buffers);
  if (flight() == 0 && queued_ == 0 && now() - sent_at_ > rto_) congestion_.idle();
  queued_ += size;
  output();
  return size;
}

Result<std::size_t> TcpConnection::receive(MutableBytes to, Take take) {
  if (readable_ == 0 || receive_shut_) {
    if (error_) return failure(*take_error());
    if (has_ended_receiving()) return 0;
    return failure(is_connecting() ? Error::not_connected : Error::again);
  }
  const std::size_t size = std::min(to.size(), readable_);
  receive_buffer_.read(0, to.first(size));
  if (take == Take::only_look) return size;
  readable_ -= size;
  const std::size_t left = out_of_order_.empty() ? readable_ : receive_buffer_.capacity();
  receive_buffer_.drop(size, left);
  offer_window_if_it_grew();
  return size;
}

void TcpConnection::shutdown_sending() {
  if (fin_queued_) return;
  switch (state_) {
    case TcpState::established:
    case TcpState::syn_received:
      fin_queued_ = true;
      if (state_ == TcpState::established) state_ = TcpState::fin_wait_1;
      break;
    case TcpState::close_wait:
      fin_queued_ = true;
      state_ = TcpState::last_ack;
      break;
    default:
      return;
  }
  output();
}

void TcpConnection::shutdown_receiving() {
  receive_shut_ = true;
  if (readable_ == 0) return;
  const std::size_t size = std::exchange(readable_, 0);
  receive_buffer_.drop(size, out_of_order_.empty() ? 0 : receive_buffer_.capacity());
  offer_window_if_it_grew();
}

void TcpConnection::close() {
  observer_ = nullptr;
  if (state_ == TcpState::closed) {
    has_user_ = false;
    return tcp_.bury(*this);
  }
  if (readable_ != 0 || state_ == TcpState::syn_sent) return abort();  // [RFC 2525 2.17]
  has_user_ = false;
  receive_shut_ = true;
  shutdown_sending();
  if (state_ == TcpState::fin_wait_2) tcp_.stack().timers().arm(end_timer_, now() + kOrphanLifetime);
}

void TcpConnection::abort() {
  observer_ = nullptr;
  if (state_ != TcpState::closed && state_ != TcpState::syn_sent && state_ != TcpState::time_wait) send_reset();
  const bool is_over = state_ == TcpState::closed;
  has_user_ = false;
  if (is_over) return tcp_.bury(*this);
  end(std::nullopt);
}

void TcpConnection::fail(Error error) {
  end(error);
}

/// The connection is over: what its user has not read stays until the user goes.
void TcpConnection::end(std::optional<Error> error) {
  if (state_ == TcpState::closed) return;
  if (listener_ != nullptr) {
    listener_->lost(*this);
    listener_ = nullptr;
    has_user_ = false;
  }
  if (state_ == TcpState::time_wait) {
    tcp_.time_wait_.remove(*this);
    --tcp_.time_wait_count_;
  }
  state_ = TcpState::closed;
  error_ = error;
  tcp_.remove(*this);
  TimerQueue& timers = tcp_.stack().timers();
  for (Timer* timer : {&retransmission_timer_, &acknowledgment_timer_, &keep_alive_timer_, &end_timer_})
    timers.cancel(*timer);
  queued_ = 0;
  send_buffer_.clear();
  if (has_user_) return notify();
  tcp_.bury(*this);
  tcp_.stack().notify();
}

void TcpConnection::unreachable(Unreachable code) {
  // A hard error ends only what is not established: it may be forged, or pass. [RFC 5927 5.2]
  if (!is_connecting()) return;
  const bool is_refused = code == Unreachable::port || code == Unreachable::protocol;
  end(is_refused ? Error::connection_refused : Error::host_unreachable);
}

void TcpConnection::path_mtu_changed() {
  const std::uint32_t before = mss_;
  update_mss();
  if (mss_ >= before || flight() == 0) return;
  // What did not fit is lost, and no sign of congestion. [RFC 1191 6.5]
  phase_ = Phase::loss;
  recovery_point_ = snd_nxt_;
  high_rxt_ = snd_una_;
  output();
}

void TcpConnection::set_no_delay(bool no_delay) {
  no_delay_ = no_delay;
  if (no_delay) output();
}

void TcpConnection::set_keep_alive(const TcpKeepAlive& keep_alive) {
  keep_alive_ = keep_alive;
  probes_ = 0;
  touch_keep_alive();
}

void TcpConnection::touch_keep_alive() {
  if (!keep_alive_.enabled || is_connecting() || state_ == TcpState::closed)
    return tcp_.stack().timers().cancel(keep_alive_timer_);
  tcp_.stack().timers().arm(keep_alive_timer_, next_second(std::max(heard_at_ + keep_alive_.idle, now())));
}

/// A segment whose number was acknowledged long ago: who is there answers it. [RFC 9293 3.8.4]
void TcpConnection::keep_alive_expired() {
  if (now() - heard_at_ < keep_alive_.idle) {
    probes_ = 0;
    return touch_keep_alive();
  }
  if (flight() == 0) {
    if (probes_ == keep_alive_.probes) return end(Error::timed_out);
    ++probes_;
    send_segment(TcpHeader::kAck, snd_una_ - 1, 0);
  }
  tcp_.stack().timers().arm(keep_alive_timer_, next_second(now() + keep_alive_.interval));
}

}  // namespace toro::inet
