// A client of QEMU's monitor protocol, connected when first needed.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <string>

#include "sdk/cli/host/event_loop.hpp"

namespace toro::cli {

class Qmp {
 public:
  Qmp(EventLoop& loop, std::filesystem::path socket) : loop_(loop), socket_(std::move(socket)) {}

  /// Sends a command without arguments; `done` is called with whether QEMU carried it out.
  void execute(const std::string& command, std::function<void(bool)> done);

 private:
  bool connect();
  void receive();
  void take_line(const std::string& line);
  void fail();
  void send(const std::string& command);

  EventLoop& loop_;
  std::filesystem::path socket_;
  FileDescriptor connection_;
  Registration readable_;
  std::string received_;
  std::deque<std::function<void(bool)>> waiting_;  ///< for answers, in the order of the commands
};

}  // namespace toro::cli
