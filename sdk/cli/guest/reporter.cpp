// Writes events to stderr.
#include "sdk/cli/guest/reporter.hpp"

#include <cstdio>
#include <format>
#include <nlohmann/json.hpp>

namespace toro::cli {

void Reporter::tell(const std::string& event, const nlohmann::ordered_json& details, const std::string& words) const {
  std::string line;
  if (speech_ == Speech::json) {
    nlohmann::ordered_json object{{"event", event}};
    object.update(details);
    line = object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  } else if (!words.empty()) {
    line = std::format("toro: {}\n", words);
  }
  std::fputs(line.c_str(), stderr);
}

}  // namespace toro::cli
