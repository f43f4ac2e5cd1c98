// What a run tells beside the guest's console, on stderr: sentences for people, JSON lines for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace toro::cli {

enum class Speech { words, json };

class Reporter {
 public:
  explicit Reporter(Speech speech) : speech_(speech) {}

  /// A JSON line has `event` first, so that a program finds it between a compiler's lines; `words` may be empty: people
  /// are then told nothing.
  void tell(const std::string& event, const nlohmann::ordered_json& details, const std::string& words) const;
  [[nodiscard]] Speech speech() const { return speech_; }

 private:
  Speech speech_;
};

}  // namespace toro::cli
