// A child process that cannot outlive the tool: its death signal, its process group and this object's destructor see to
// it.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sdk/cli/host/event_loop.hpp"

namespace toro::cli {

enum class Terminal {
  detached,  ///< own process group: the terminal's Ctrl-C reaches the tool only
  shared,    ///< the child uses the terminal, as a debugger does
};

struct ProcessOptions {
  std::filesystem::path directory;  ///< empty: the tool's own
  std::map<std::string, std::string> environment;
  int input = -1;  ///< -1: /dev/null when detached, else the tool's own
  int output = -1;
  int error = -1;
  /// What the kernel sends to the child when the tool dies by SIGKILL.
  int death_signal = SIGKILL;
  Terminal terminal = Terminal::detached;
  /// What the child does before it becomes the program; false, with errno: it cannot be started.
  bool (*before)() = nullptr;
};

class Process {
 public:
  /// Throws Failure when the program cannot be started.
  Process(EventLoop& loop, const std::vector<std::string>& arguments, const ProcessOptions& options);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  /// Ends the child: SIGTERM, then SIGKILL after a second.
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Set once the child has ended: its exit status, or 128 + signal.
  [[nodiscard]] std::optional<int> status() const { return status_; }
  /// Runs the loop until the child has ended; returns its status.
  int wait();
  void end();

 private:
  void reap();

  EventLoop& loop_;
  pid_t pid_ = -1;
  bool own_group_ = true;
  FileDescriptor pidfd_;
  Registration ended_;
  std::optional<int> status_;
};

/// Runs a program to its end; returns its status.
int run_program(EventLoop& loop, const std::vector<std::string>& arguments, const ProcessOptions& options);

struct Captured {
  int status;
  std::string output;
};
/// Runs a program and returns what it wrote to stdout and stderr together; at most `limit` of time.
Captured capture_program(EventLoop& loop, const std::vector<std::string>& arguments,
                         std::chrono::milliseconds limit = std::chrono::seconds(30));

/// Where a program lies in PATH.
std::optional<std::filesystem::path> find_program(const std::string& name);

struct Pipe {
  FileDescriptor reader;
  FileDescriptor writer;
};
Pipe make_pipe();

}  // namespace toro::cli
