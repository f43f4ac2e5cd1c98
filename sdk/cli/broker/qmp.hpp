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

  /// Sends a command; `done` is called with whether QEMU carried it out.
  void execute(const std::string& command, std::function<void(bool)> done) { execute(command, "{}", std::move(done)); }
  /// The same with arguments, a JSON object.
  void execute(const std::string& command, const std::string& arguments, std::function<void(bool)> done);

  /// `event` is called with the name of each event from now on. Connects, and tries again while QEMU is starting.
  void on_event(std::function<void(const std::string&)> event);

 private:
  bool connect();
  void receive();
  void take_line(const std::string& line);
  void fail();
  void send(const std::string& command, const std::string& arguments);
  void reach();

  EventLoop& loop_;
  std::filesystem::path socket_;
  FileDescriptor connection_;
  Registration readable_;
  std::string received_;
  std::deque<std::function<void(bool)>> waiting_;  ///< for answers, in the order of the commands
  std::function<void(const std::string&)> event_;
  Registration retry_;
};

}  // namespace toro::cli
