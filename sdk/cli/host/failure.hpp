// What the tool says when it cannot do what it was asked: one sentence, and the status it exits with.
#pragma once

#include <stdexcept>
#include <string>

namespace toro::cli {

/// The sentence names what was expected, what was found and what to do.
class Failure : public std::runtime_error {
 public:
  explicit Failure(const std::string& sentence, int exit_status = 1)
      : std::runtime_error(sentence), exit_status_(exit_status) {}
  [[nodiscard]] int exit_status() const { return exit_status_; }

 private:
  int exit_status_;
};

/// A signal asked the tool to end. It travels as an exception, so that destructors end what was started.
struct Interrupted {
  int signal;
};

inline constexpr int kUsageError = 2;       ///< the command line makes no sense
inline constexpr int kTimedOut = 124;       ///< `--timeout` ended the guest, as timeout(1) has it
inline constexpr int kNoGuestStatus = 125;  ///< `run` itself failed: the guest gave no status

}  // namespace toro::cli
