// A record of the debugger's conversation with the stub: one line an item, with its time.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace toro::cli {

class ProtocolLog {
 public:
  /// An empty path keeps no log. Throws Failure when the file cannot be written.
  explicit ProtocolLog(const std::filesystem::path& file);

  void note(std::string_view who, std::string_view bytes);

 private:
  std::ofstream file_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// The bytes with what does not print as \xNN.
std::string printable(std::string_view bytes);

}  // namespace toro::cli
