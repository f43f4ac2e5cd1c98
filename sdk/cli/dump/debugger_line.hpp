// The line to one debugger, for a stub that this tool itself is.
#pragma once

#include "gdbstub/transport/transport.hpp"
#include "sdk/cli/broker/protocol_log.hpp"
#include "sdk/cli/host/outlet.hpp"

namespace toro::cli {

class DebuggerLine final : public gdbstub::Transport {
 public:
  DebuggerLine(EventLoop& loop, int fd, ProtocolLog& log, std::function<void()> closed)
      : outlet_(loop, fd, std::move(closed)), log_(log) {}
  std::size_t receive(std::span<char>) override { return 0; }
  void send(std::span<const char> bytes) override {
    log_.note("stub", {bytes.data(), bytes.size()});
    outlet_.write({bytes.data(), bytes.size()});
  }
  bool connected() const override { return true; }
  bool was_used() const override { return true; }
  void drain() {
    constexpr std::chrono::milliseconds kLastWords{100};
    outlet_.drain(kLastWords);
  }

 private:
  Outlet outlet_;
  ProtocolLog& log_;
};

}  // namespace toro::cli
