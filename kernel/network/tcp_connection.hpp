// A TCP connection: RFC 9293 with window scaling and timestamps (7323), SACK (2018, 6675), NewReno (6582), CUBIC
// (9438), RTO (6298), limited transmit (3042), and defence against blind attacks (5961). Variables have the RFCs'
// names.
#pragma once

#include <optional>

#include "kernel/network/byte_window.hpp"
#include "kernel/network/environment.hpp"
#include "kernel/network/error.hpp"
#include "kernel/network/object.hpp"
#include "kernel/network/observer.hpp"
#include "kernel/network/ranges.hpp"
#include "kernel/network/tcp_congestion.hpp"
#include "kernel/network/tcp_segment.hpp"
#include "kernel/network/timers.hpp"

namespace toro::inet {

class Tcp;
class TcpListener;

/// [RFC 9293 3.3.2]; what listens is a TcpListener.
enum class TcpState : std::uint8_t {
  closed,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};

struct TcpKeepAlive {
  bool enabled = false;
  std::uint64_t idle = 7200 * kSecond;  ///< [RFC 9293 3.8.4]
  std::uint64_t interval = 75 * kSecond;
  unsigned probes = 9;
};

/// Nanoseconds. [RFC 6298 2]
struct TcpRoundTrip {
  std::uint64_t smoothed;  ///< 0: nothing was measured yet
  std::uint64_t variation;
  std::uint64_t timeout;
};

class TcpConnection {
 public:
  TcpConnection(Tcp& tcp, Endpoint local, Endpoint remote);
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;
  ~TcpConnection();

  // For the user, until close() or abort().

  [[nodiscard]] TcpState state() const { return state_; }
  [[nodiscard]] Endpoint local() const { return local_; }
  [[nodiscard]] Endpoint remote() const { return remote_; }
  void set_observer(Observer* observer) { observer_ = observer; }

  /// As many bytes as there is room for. Error::again when there is none, Error::not_connected, Error::broken_pipe
  /// after shutdown_sending(), and what ended the connection.
  [[nodiscard]] Result<std::size_t> send(Bytes bytes);
  enum class Take : std::uint8_t { away, only_look };
  /// 0 where nothing more will come; Error::again when nothing is there yet.
  [[nodiscard]] Result<std::size_t> receive(MutableBytes to, Take take = Take::away);
  /// What was sent before is still delivered, then the other side is told.
  void shutdown_sending();
  /// What comes from now on is taken and thrown away.
  void shutdown_receiving();
  /// The user goes. What was sent is still delivered, but where something was not read the connection is reset.
  void close();
  /// The user goes, and the connection at once.
  void abort();

  [[nodiscard]] bool is_readable() const;
  [[nodiscard]] bool is_writable() const;
  [[nodiscard]] bool is_connecting() const { return state_ == TcpState::syn_sent || state_ == TcpState::syn_received; }
  [[nodiscard]] bool has_ended_receiving() const {
    return fin_received_ || receive_shut_ || state_ == TcpState::closed;
  }
  [[nodiscard]] bool has_ended_sending() const { return fin_queued_ || state_ == TcpState::closed; }
  /// Its user has gone, and the other side does not have all that was sent.
  [[nodiscard]] bool still_delivers() const {
    return !has_user_ && state_ != TcpState::closed && (queued_ != 0 || (fin_queued_ && !fin_acknowledged_));
  }
  [[nodiscard]] bool has_error() const { return error_.has_value(); }
  [[nodiscard]] std::optional<Error> take_error() { return std::exchange(error_, std::nullopt); }
  [[nodiscard]] std::size_t readable_bytes() const { return readable_; }
  [[nodiscard]] std::size_t unsent_bytes() const { return queued_; }

  void set_no_delay(bool no_delay);
  [[nodiscard]] bool no_delay() const { return no_delay_; }
  void set_keep_alive(const TcpKeepAlive& keep_alive);
  [[nodiscard]] const TcpKeepAlive& keep_alive() const { return keep_alive_; }
  [[nodiscard]] std::uint32_t mss() const { return mss_; }
  [[nodiscard]] const Congestion& congestion() const { return congestion_; }
  [[nodiscard]] TcpRoundTrip round_trip() const { return {srtt_, rttvar_, rto_}; }
  [[nodiscard]] std::uint64_t retransmissions() const { return retransmissions_; }

  // For Tcp.

  void connect();
  void accept(const TcpSegment& syn, TcpListener& listener);
  /// Answers a SYN and keeps nothing of it.
  void answer_by_cookie(const TcpSegment& syn, Sequence cookie);
  /// Takes up the connection that was begun so: `syn` is what the cookie holds of it.
  void accept_cookie(const TcpSegment& syn, Sequence cookie, TcpListener& listener);
  void input(const TcpSegment& segment);
  void path_mtu_changed();
  void unreachable(Unreachable code);
  /// Whether the connection has sent `sequence`, and heard nothing of it yet.
  [[nodiscard]] bool is_in_flight(Sequence sequence) const { return snd_una_ <= sequence && sequence < snd_nxt_; }
  /// Ends it without a word to the other side.
  void fail(Error error);
  /// Whether a SYN with this segment's number and time may take the place of a connection in TIME-WAIT. [RFC 6191 2]
  [[nodiscard]] bool may_be_replaced_by(const TcpSegment& syn) const;

 private:
  friend class Tcp;
  friend class TcpListener;
  friend struct SocketTable;

  enum class Phase : std::uint8_t { open, recovery, loss };
  struct Piece {
    Sequence begin;
    std::uint32_t size;  ///< of sequence numbers: the FIN is one
  };

  // tcp_input.cpp
  void input_in_syn_sent(const TcpSegment& segment);
  [[nodiscard]] bool is_acceptable(const TcpSegment& segment) const;
  void take_first_syn(const TcpSegment& syn);
  void take_syn_options(const TcpSegment& segment);
  [[nodiscard]] bool timestamps_are_sound(const TcpSegment& segment);
  void challenge();
  [[nodiscard]] bool take_ack(const TcpSegment& segment);
  void take_new_ack(const TcpSegment& segment);
  void take_window(const TcpSegment& segment);
  void take_payload(const TcpSegment& segment);
  [[nodiscard]] bool keep_payload(const TcpSegment& segment, Sequence begin, std::uint32_t size);
  void advance_to_fin();
  void measure_round_trip(const TcpSegment& segment);
  void established();
  void enter_time_wait();

  // tcp_output.cpp
  void output();
  void send_segment(std::uint8_t flags, Sequence sequence, std::uint32_t data);
  void send_piece(const Piece& piece);
  void send_syn();
  void send_ack() { send_segment(TcpHeader::kAck, snd_nxt_, 0); }
  void send_reset();
  [[nodiscard]] std::size_t write_options(MutableBytes to, std::uint8_t flags) const;
  [[nodiscard]] std::uint32_t piece_limit() const;
  [[nodiscard]] std::optional<Piece> next_new_piece(std::uint32_t room) const;
  [[nodiscard]] std::uint32_t burst_limit(std::uint32_t segment) const;
  [[nodiscard]] std::uint16_t window_field(std::uint8_t flags);
  [[nodiscard]] std::uint32_t receive_window() const;
  void offer_window_if_it_grew();
  [[nodiscard]] Sequence data_end() const { return snd_una_ + static_cast<std::uint32_t>(queued_); }
  [[nodiscard]] Sequence send_end() const { return data_end() + (fin_queued_ && !fin_acknowledged_ ? 1 : 0); }

  // tcp_recovery.cpp
  [[nodiscard]] std::uint32_t flight() const { return distance(snd_una_, snd_nxt_); }
  [[nodiscard]] std::uint32_t pipe() const;
  [[nodiscard]] bool is_lost(Sequence begin) const;
  template <class F>
  void for_each_gap(F f) const;
  [[nodiscard]] std::optional<Piece> next_lost_piece() const;
  void take_sack(const TcpSegment& segment, bool& is_news);
  void take_duplicate();
  void take_partial_ack(std::uint32_t acknowledged);
  void begin_recovery();
  void retransmission_expired();
  void probe_window();
  void arm_retransmission();

  // tcp_connection.cpp
  void keep_alive_expired();
  void touch_keep_alive();
  void notify() const;
  void end(std::optional<Error> error);
  [[nodiscard]] std::uint64_t now() const;
  [[nodiscard]] std::uint32_t timestamp() const;
  void update_mss();

  Tcp& tcp_;
  Endpoint local_;
  Endpoint remote_;
  Links<TcpConnection> in_bucket_;
  Links<TcpConnection> in_queue_;  ///< of a listener, of those in TIME-WAIT, or of those that are to go
  TcpListener* listener_ = nullptr;
  Observer* observer_ = nullptr;
  TcpState state_ = TcpState::closed;
  bool has_user_ = true;
  std::optional<Error> error_;

  // Sending. [RFC 9293 3.3.1]
  Sequence iss_;
  Sequence snd_una_;
  Sequence snd_nxt_;
  std::uint32_t snd_wnd_ = 0;
  Sequence snd_wl1_;
  Sequence snd_wl2_;
  std::uint32_t max_window_ = 0;
  std::uint8_t snd_shift_ = 0;
  ByteWindow send_buffer_;  ///< from SND.UNA on, once the SYN is acknowledged
  std::size_t queued_ = 0;  ///< bytes in it
  bool fin_queued_ = false;
  bool fin_acknowledged_ = false;
  bool no_delay_ = false;
  std::uint32_t mss_ = kDefaultMss;  ///< of payload beside the timestamps
  std::uint16_t peer_mss_ = kDefaultMss;

  // Receiving.
  Sequence irs_;
  Sequence rcv_nxt_;
  Sequence rcv_adv_;  ///< the right edge of the window that was offered
  std::uint8_t rcv_shift_ = 0;
  ByteWindow receive_buffer_;  ///< from RCV.NXT - readable_ on
  std::size_t readable_ = 0;
  Ranges out_of_order_;
  Sequence latest_;  ///< what came out of order last
  std::optional<Sequence> fin_;
  bool fin_received_ = false;
  bool receive_shut_ = false;
  bool ack_now_ = false;
  std::uint32_t unacknowledged_ = 0;  ///< bytes that came since the last acknowledgment went
  std::uint32_t rcv_mss_ = 536;       ///< the longest payload that came
  Sequence last_ack_sent_;

  // Options that both sides have.
  bool has_timestamps_ = false;
  bool has_sack_ = false;
  bool scales_ = false;
  std::uint32_t ts_recent_ = 0;
  std::uint64_t ts_recent_at_ = 0;
  std::uint32_t ts_offset_ = 0;

  // Round trips, in nanoseconds. [RFC 6298]
  std::uint64_t srtt_ = 0;
  std::uint64_t rttvar_ = 0;
  std::uint64_t rto_ = kSecond;
  std::optional<Sequence> timed_;  ///< its acknowledgment tells a round trip, where there are no timestamps
  std::uint64_t timed_at_ = 0;

  // Loss.
  Congestion congestion_;
  Phase phase_ = Phase::open;
  Ranges sacked_;
  Sequence recovery_point_;
  Sequence high_rxt_;  ///< what lies below was sent again in this phase
  std::uint32_t duplicates_ = 0;
  unsigned tries_ = 0;  ///< since something was acknowledged
  unsigned probes_ = 0;
  bool window_was_full_ = false;
  std::uint64_t sent_at_ = 0;
  std::uint64_t retransmissions_ = 0;

  // Limits and quiet.
  TcpKeepAlive keep_alive_;
  std::uint64_t heard_at_ = 0;
  std::uint64_t challenges_from_ = 0;
  unsigned challenges_ = 0;

  Timer retransmission_timer_;
  Timer acknowledgment_timer_;
  Timer keep_alive_timer_;
  Timer end_timer_;  ///< TIME-WAIT, and FIN-WAIT-2 without a user
};

}  // namespace toro::inet
