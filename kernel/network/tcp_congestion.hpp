// How much may be under way in the network: CUBIC and NewReno. Pure. [RFC 5681, RFC 6582, RFC 9438]
#pragma once

#include <cstdint>

namespace toro::inet {

enum class CongestionAlgorithm : std::uint8_t { cubic, new_reno };

/// Windows are bytes, times are milliseconds.
class Congestion {
 public:
  void start(CongestionAlgorithm algorithm, std::uint32_t mss);
  void set_mss(std::uint32_t mss) { mss_ = mss; }

  [[nodiscard]] std::uint32_t window() const { return window_; }
  [[nodiscard]] std::uint32_t threshold() const { return threshold_; }

  /// New data were acknowledged while the window was used up.
  void acknowledged(std::uint32_t bytes, std::uint64_t now, std::uint32_t round_trip);
  /// A segment was lost, of `flight` bytes that were under way: fast recovery begins.
  void lost(std::uint32_t flight);
  void timed_out(std::uint32_t flight);
  /// Nothing was sent for longer than a retransmission takes. [RFC 5681 4.1]
  void idle();

 private:
  [[nodiscard]] std::uint32_t initial_window() const;
  void reduce(std::uint32_t flight);
  [[nodiscard]] std::uint32_t cubic_target(std::uint64_t now, std::uint32_t round_trip);

  CongestionAlgorithm algorithm_ = CongestionAlgorithm::cubic;
  std::uint32_t mss_ = 536;
  std::uint32_t window_ = 0;
  std::uint32_t threshold_ = UINT32_MAX;
  std::uint32_t acknowledged_ = 0;  ///< since the window last grew
  // CUBIC's:
  std::uint32_t most_ = 0;      ///< W_max
  std::uint32_t estimate_ = 0;  ///< W_est
  std::uint32_t estimate_rest_ = 0;
  std::uint64_t epoch_ = 0;    ///< when the window began to grow after a loss; 0: it has not
  std::uint32_t plateau_ = 0;  ///< K: from then until W_max
};

/// The cube root, rounded down.
[[nodiscard]] std::uint32_t cube_root(std::uint64_t value);

}  // namespace toro::inet
