// Writes the protocol log.
#include "sdk/cli/broker/protocol_log.hpp"

#include <format>

#include "sdk/cli/host/failure.hpp"

namespace toro::cli {

ProtocolLog::ProtocolLog(const std::filesystem::path& file) {
  if (file.empty()) return;
  file_.open(file);
  if (!file_) throw Failure(std::format("the protocol log {} was expected to be writable and is not", file.string()));
}

void ProtocolLog::note(std::string_view who, std::string_view bytes) {
  if (!file_.is_open()) return;
  auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  file_ << std::format("{:12.6f} {:8} {}\n", seconds, who, printable(bytes)) << std::flush;
}

std::string printable(std::string_view bytes) {
  std::string text;
  for (char c : bytes) {
    if (c >= ' ' && c <= '~' && c != '\\') {
      text += c;
    } else {
      text += std::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

}  // namespace toro::cli
