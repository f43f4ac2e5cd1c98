#include "sdk/cli/dump/dump_server.hpp"

#include <poll.h>

namespace toro::cli {

DumpServer::DumpServer(EventLoop& loop, const std::filesystem::path& file, std::uint16_t port,
                       const std::filesystem::path& protocol_log)
    : loop_(loop),
      dump_(file),
      kernel_(dump_),
      target_(kernel_),
      log_(protocol_log),
      listener_(listen_on_loopback(port, "debugger port")) {
  acceptable_ = loop_.watch(listener_.socket.get(), POLLIN, [this](short) { accept(); });
}

DumpServer::~DumpServer() = default;

void DumpServer::accept() {
  if (debugger_) return;
  debugger_ = accept_client(listener_.socket);
  if (!debugger_) return;
  acceptable_.reset();
  line_ = std::make_unique<DebuggerLine>(loop_, debugger_.get(), log_, [this] { close(); });
  session_ = std::make_unique<gdbstub::Session>(target_, *line_);
  session_->stopped(target_.stop());
  from_debugger_ = loop_.watch(debugger_.get(), POLLIN, [this](short) { readable(); });
}

void DumpServer::readable() {
  const auto bytes = line_->take();
  if (!bytes) return close();
  for (const char byte : *bytes) {
    session_->receive(byte);
    was_asked_ = true;
    if (session_->next() != gdbstub::Next::serve) return close();
  }
}

void DumpServer::close() {
  from_debugger_.reset();
  // The line may be what called: it must not be destroyed under its own feet.
  closing_ = loop_.after(std::chrono::milliseconds(0), [this] {
    line_->drain();
    session_.reset();
    line_.reset();
    debugger_ = {};
    acceptable_ = loop_.watch(listener_.socket.get(), POLLIN, [this](short) { accept(); });
  });
}

}  // namespace toro::cli
