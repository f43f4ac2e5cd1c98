// The command line: which command, which options, and help for all of them.
#pragma once

#include <string>
#include <vector>

namespace toro::cli {

class CommandLine {
 public:
  explicit CommandLine(const std::vector<std::string>& words);

  /// Parses and runs the command; returns the status to exit with. Throws Failure, Interrupted.
  int execute();

  /// True when `run` or `debug` was asked for JSON: errors are events then.
  [[nodiscard]] bool speaks_json() const { return speaks_json_; }
  /// `run` keeps the statuses of guests apart from its own: its failures are all 125.
  [[nodiscard]] int failure_status(int status) const;

 private:
  std::vector<std::string> words_;      ///< before `--`
  std::vector<std::string> arguments_;  ///< after it: the guest's
  bool arguments_given_ = false;
  bool speaks_json_ = false;
  bool runs_ = false;
};

}  // namespace toro::cli
