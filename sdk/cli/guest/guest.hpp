// One booted guest: QEMU, its console, its debugger port and its end. Every command that boots something uses this.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sdk/cli/broker/debugger_port.hpp"
#include "sdk/cli/broker/qmp.hpp"
#include "sdk/cli/guest/console_filter.hpp"
#include "sdk/cli/guest/device_server.hpp"
#include "sdk/cli/guest/outcome.hpp"
#include "sdk/cli/guest/qemu_command.hpp"
#include "sdk/cli/guest/reporter.hpp"
#include "sdk/cli/guest/run_directory.hpp"
#include "sdk/cli/guest/symbolizer.hpp"
#include "sdk/cli/host/outlet.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {

struct GuestOptions {
  Boot boot;
  std::optional<std::uint16_t> debugger_port;  ///< 0: any that is free
  std::filesystem::path protocol_log;
  int console = 1;       ///< where the guest's console goes
  bool keyboard = true;  ///< the tool's stdin goes to the guest's console
};

class Guest {
 public:
  /// Starts QEMU. Throws Failure when the port is in use or QEMU is missing.
  Guest(EventLoop& loop, GuestOptions options, Reporter reporter);

  /// Set once the guest has ended and its console is shown to the last byte.
  [[nodiscard]] const std::optional<Outcome>& outcome() const { return outcome_; }
  [[nodiscard]] std::uint16_t debugger_port() const { return debugger_ ? debugger_->port() : std::uint16_t{0}; }
  /// Where tools get the tables of kernel objects; 0 where no debugger can connect.
  [[nodiscard]] std::uint16_t tables_port() const { return tables_ ? tables_->port() : std::uint16_t{0}; }
  [[nodiscard]] bool stub_has_answered() const { return debugger_ && debugger_->stub_has_answered(); }
  /// The reader of the console has gone.
  [[nodiscard]] bool console_closed() const { return console_closed_; }
  /// What QEMU said on stderr.
  [[nodiscard]] const std::string& errors() const { return errors_; }
  /// Ends QEMU if it still runs.
  void end() { qemu_->end(); }

 private:
  void open_debugger_port();
  void start();
  void start_qemu();
  void console_readable();
  void errors_readable();
  void keyboard_readable();
  void check_end();
  void await_panic();
  void serve(DeviceService service);
  void server_ended(std::size_t number);
  [[nodiscard]] std::string server_failure();
  void dump();

  EventLoop& loop_;
  GuestOptions options_;
  Reporter reporter_;
  RunDirectory run_;
  Qmp monitor_;
  Symbolizer symbolizer_;
  ConsoleFilter filter_;
  std::unique_ptr<DebuggerPort> debugger_;
  std::unique_ptr<TableServer> tables_;
  std::function<void()> dump_told_;  ///< what there is to say of it, when the console has ended
  FileDescriptor console_pipe_;
  FileDescriptor error_pipe_;
  FileDescriptor keyboard_pipe_;
  std::unique_ptr<Outlet> console_;
  std::unique_ptr<Outlet> keyboard_;
  std::size_t console_place_ = 0;  ///< bytes that this QEMU has said
  std::size_t console_shown_ = 0;  ///< bytes that any has said
  Registration console_ready_;
  Registration errors_ready_;
  Registration keyboard_ready_;
  Registration uncongested_;
  std::string errors_;
  Registration server_missed_;
  bool console_ended_ = false;
  bool errors_ended_ = false;
  bool console_closed_ = false;
  std::optional<Outcome> outcome_;
  std::vector<std::unique_ptr<DeviceServer>> servers_;
  std::unique_ptr<Process> qemu_;
};

}  // namespace toro::cli
