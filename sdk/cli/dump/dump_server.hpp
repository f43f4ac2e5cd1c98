// Serves a memory dump to debuggers by the stub's own protocol, so that looking into it is like looking into a guest
// that stands still.
#pragma once

#include <memory>

#include "gdbstub/protocol/session.hpp"
#include "sdk/cli/broker/protocol_log.hpp"
#include "sdk/cli/dump/debugger_line.hpp"
#include "sdk/cli/dump/dump_target.hpp"
#include "sdk/cli/host/socket.hpp"

namespace toro::cli {

class DumpServer {
 public:
  /// Throws Failure when the file is no dump, or the port in use. One debugger at a time; the next waits.
  DumpServer(EventLoop& loop, const std::filesystem::path& file, std::uint16_t port,
             const std::filesystem::path& protocol_log);
  ~DumpServer();

  [[nodiscard]] std::uint16_t port() const { return listener_.port; }
  [[nodiscard]] const DumpedKernel& kernel() const { return kernel_; }
  [[nodiscard]] gdbstub::Target& target() { return target_; }
  /// True once a debugger has asked anything.
  [[nodiscard]] bool was_asked() const { return was_asked_; }

 private:
  void accept();
  void readable();
  void close();

  EventLoop& loop_;
  CoreFile dump_;
  DumpedKernel kernel_;
  DumpTarget target_;
  ProtocolLog log_;
  Listener listener_;
  Registration acceptable_;
  FileDescriptor debugger_;
  Registration from_debugger_;
  Registration closing_;
  std::unique_ptr<DebuggerLine> line_;
  std::unique_ptr<gdbstub::Session> session_;
  bool was_asked_ = false;
};

}  // namespace toro::cli
