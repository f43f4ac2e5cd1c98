// CUBIC and NewReno.
#include "kernel/network/tcp_congestion.hpp"

#include <algorithm>

namespace toro::inet {
namespace {

constexpr std::uint32_t kMostWindow = 1U << 30;

}  // namespace

std::uint32_t cube_root(std::uint64_t value) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 20; bit != 0; bit >>= 1) {
    const std::uint64_t larger = root | bit;
    if (larger * larger * larger <= value) root = larger;
  }
  return static_cast<std::uint32_t>(root);
}

/// [RFC 6928 2]
std::uint32_t Congestion::initial_window() const {
  return std::min(10 * mss_, std::max(2 * mss_, 14600U));
}

void Congestion::start(CongestionAlgorithm algorithm, std::uint32_t mss) {
  algorithm_ = algorithm;
  mss_ = mss;
  window_ = initial_window();
  threshold_ = UINT32_MAX;
}

/// W_cubic(t + RTT) = C (t + RTT - K)³ + W_max, with C = 0.4 segments/s³. [RFC 9438 4.2]
std::uint32_t Congestion::cubic_target(std::uint64_t now, std::uint32_t round_trip) {
  constexpr std::int64_t kMostTime = 100'000;
  if (epoch_ == 0) {
    epoch_ = now;
    estimate_ = window_;
    estimate_rest_ = 0;
    if (most_ < window_) most_ = window_;
    plateau_ = cube_root(std::uint64_t{most_ - window_} * 1'000'000'000 / 4 * 10 / mss_);
  }
  const auto time = static_cast<std::int64_t>(std::min<std::uint64_t>(now - epoch_ + round_trip, kMostTime));
  const std::int64_t offset = std::clamp(time - plateau_, -kMostTime, kMostTime);
  const std::int64_t growth = offset * offset * offset / 10 * 4 / 1'000'000'000 * mss_ +
                              offset * offset * offset / 10 * 4 % 1'000'000'000 * mss_ / 1'000'000'000;
  const std::int64_t target = most_ + growth;
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(target, window_, std::min(kMostWindow, window_ + window_ / 2)));
}

void Congestion::acknowledged(std::uint32_t bytes, std::uint64_t now, std::uint32_t round_trip) {
  if (window_ < threshold_) {  // slow start, by at most 2 segments for an acknowledgment [RFC 5681 3.1, RFC 3465]
    window_ = std::min(window_ + std::min(bytes, 2 * mss_), kMostWindow);
    return;
  }
  std::uint32_t step = mss_;  // what the window grows by while as much as it holds is acknowledged
  if (algorithm_ == CongestionAlgorithm::cubic) {
    const std::uint32_t target = cubic_target(now, round_trip);
    // W_est, as NewReno would have it: α = 3 (1 - β) / (1 + β) = 9/17 of a segment. [RFC 9438 4.3]
    const std::uint64_t grown = std::uint64_t{bytes} * mss_ * 9 / 17 + estimate_rest_;
    estimate_ = std::min(estimate_ + static_cast<std::uint32_t>(grown / window_), kMostWindow);
    estimate_rest_ = static_cast<std::uint32_t>(grown % window_);
    if (target < estimate_) {
      window_ = std::max(window_, estimate_);
      return;
    }
    step = target - window_;
  }
  const std::uint64_t grown = std::uint64_t{bytes} * step + acknowledged_;
  window_ = std::min(window_ + static_cast<std::uint32_t>(grown / window_), kMostWindow);
  acknowledged_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(grown % window_, UINT32_MAX));
}

/// β is 0.7 for CUBIC, ½ for NewReno. With fast convergence. [RFC 9438 4.6, 4.7; RFC 5681 3.1]
void Congestion::reduce(std::uint32_t flight) {
  acknowledged_ = 0;
  epoch_ = 0;
  if (algorithm_ == CongestionAlgorithm::cubic) {
    most_ = window_ < most_ ? window_ / 20 * 17 : window_;
    threshold_ = std::max(flight / 10 * 7, 2 * mss_);
  } else {
    threshold_ = std::max(flight / 2, 2 * mss_);
  }
}

void Congestion::lost(std::uint32_t flight) {
  reduce(flight);
  window_ = threshold_;
}

void Congestion::timed_out(std::uint32_t flight) {
  reduce(flight);
  window_ = mss_;
}

void Congestion::idle() {
  window_ = std::min(window_, initial_window());
  epoch_ = 0;
}

}  // namespace toro::inet
