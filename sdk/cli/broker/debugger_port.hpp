// Where debuggers of a running guest connect.
#pragma once

#include <cstdint>
#include <string>

#include "sdk/cli/broker/table_server.hpp"

namespace toro::cli {

class DebuggerPort {
 public:
  virtual ~DebuggerPort() = default;

  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// True once the stub has sent a debugger anything.
  [[nodiscard]] virtual bool stub_has_answered() const = 0;
  virtual void guest_printed() {}
  /// Answers for a table of kernel objects while a debugger has the guest stopped: once that one waits for nothing.
  virtual void ask_table(const std::string& table, TableServer::Answer answer) = 0;
};

}  // namespace toro::cli
