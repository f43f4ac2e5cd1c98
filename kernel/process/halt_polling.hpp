// Whether it pays that a core looks for its next event for a while before it halts.
#pragma once

#include <algorithm>
#include <cstdint>

namespace toro::process {

/// To halt, and to be woken by the machine monitor, may take longer than the next event does. But a core that looks for
/// it in vain costs the host as much as one that works, and where the host has no other core for who brings the event,
/// it even keeps the event away. So looking is paid from a credit: an event that came meanwhile adds what was saved, a
/// look in vain takes its time away. When the credit is gone, time alone brings it back, for a few looks in a row: the
/// host's scheduler may need some until it runs the guest and who brings the event side by side. Whatever happens, no
/// more than one part in kShare of all time is spent in vain, but for the first of it. Events that come together, as
/// under load, are not looked for: after a halt more of them are together, and each costs less. Times are nanoseconds.
class HaltPolling {
 public:
  /// Of one look.
  static constexpr std::uint64_t kLongest = 100'000;
  static constexpr std::uint64_t kMostCredit = 4 * kLongest;
  /// About what is saved where the host's cores halt, too.
  static constexpr std::uint64_t kSaved = 25'000;
  static constexpr std::uint64_t kShare = 256;

  /// Whether to look again, at `now`, rather than to halt. `events` have come since this was asked last.
  [[nodiscard]] bool goes_on(std::uint64_t now, unsigned events) {
    if (events > 0) {
      if (looks_) earn(kSaved);
      looks_ = false;
      comes_alone_ = events == 1;
    }
    if (looks_) {
      if (now - began_ < kLongest) return true;
      credit_ -= std::min(credit_, kLongest);
      return looks_ = false;
    }
    earn((now - began_) / kShare);
    began_ = now;
    if (credit_ == kMostCredit) pays_ = true;
    if (credit_ < kLongest) pays_ = false;
    return looks_ = pays_ && comes_alone_;
  }

 private:
  void earn(std::uint64_t amount) { credit_ = std::min(credit_ + amount, kMostCredit); }

  std::uint64_t credit_ = kMostCredit;
  std::uint64_t began_ = 0;  ///< the look, or when it was found not to pay
  bool looks_ = false;
  bool pays_ = false;
  bool comes_alone_ = false;
};

}  // namespace toro::process
