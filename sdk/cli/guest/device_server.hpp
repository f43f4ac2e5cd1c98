// A program that serves a vhost-user device of a guest: a virtiofsd, a toro-vsock. It ends with this object.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sdk/cli/host/process.hpp"

namespace toro::cli {

struct DeviceService {
  std::string program;               ///< its name
  std::string purpose;               ///< as in "was expected to serve /tmp to the guest"
  std::string socket;                ///< where it listens
  std::vector<std::string> command;  ///< it finds its socket as descriptor 0
  bool (*before)() = nullptr;        ///< as ProcessOptions has it
};

class DeviceServer {
 public:
  /// Starts it: QEMU can connect to its socket at once. `ended` is called when it has gone. Throws Failure.
  DeviceServer(EventLoop& loop, DeviceService service, std::function<void()> ended);

  [[nodiscard]] const DeviceService& service() const { return service_; }
  void end() { process_->end(); }
  [[nodiscard]] bool ended_by_us() const { return process_->status() == 128 + SIGTERM; }
  /// When it has gone, in a sentence, why, as far as is known.
  [[nodiscard]] std::string obituary() const;

 private:
  void readable();

  DeviceService service_;
  std::function<void()> ended_;
  std::string said_;
  FileDescriptor errors_;
  Registration errors_ready_;
  std::unique_ptr<Process> process_;
};

}  // namespace toro::cli
