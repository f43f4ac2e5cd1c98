// The line to one debugger, for a stub that this tool itself is.
#pragma once

#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>

#include "gdbstub/transport/transport.hpp"
#include "sdk/cli/broker/packet_tracker.hpp"
#include "sdk/cli/broker/protocol_log.hpp"
#include "sdk/cli/host/outlet.hpp"

namespace toro::cli {

class DebuggerLine final : public gdbstub::Transport {
 public:
  DebuggerLine(EventLoop& loop, int fd, ProtocolLog& log, std::function<void()> closed)
      : fd_(fd), outlet_(loop, fd, std::move(closed)), log_(log) {}
  std::size_t receive(std::span<char>) override { return 0; }
  void send(std::span<const char> bytes) override {
    log_.note("stub", {bytes.data(), bytes.size()});
    outlet_.write({bytes.data(), bytes.size()});
  }
  bool connected() const override { return true; }
  bool was_used() const override { return true; }
  /// What has come, for the log too; maybe nothing yet. No value: the debugger has gone.
  [[nodiscard]] std::optional<std::string> take() {
    std::array<char, 16 * 1024> buffer;
    const auto count = ::read(fd_, buffer.data(), buffer.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return "";
    if (count <= 0) return std::nullopt;
    std::string bytes(buffer.data(), static_cast<std::size_t>(count));
    asked_.push(bytes, [this](PacketTracker::Item, std::string_view what) { log_.note("debugger", what); });
    return bytes;
  }
  void drain() {
    constexpr std::chrono::milliseconds kLastWords{100};
    outlet_.drain(kLastWords);
  }

 private:
  int fd_;
  PacketTracker asked_;
  Outlet outlet_;
  ProtocolLog& log_;
};

}  // namespace toro::cli
