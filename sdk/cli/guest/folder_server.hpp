// A virtiofsd that serves a folder to a guest; it ends with this object.
#pragma once

#include <functional>
#include <string>

#include "sdk/cli/guest/share.hpp"
#include "sdk/cli/host/process.hpp"

namespace toro::cli {

class FolderServer {
 public:
  /// Starts it: QEMU can connect to its socket, in the run's folder, at once. `ended` is called when it has gone.
  /// Throws Failure.
  FolderServer(EventLoop& loop, const Share& share, const std::string& run, std::function<void()> ended);

  [[nodiscard]] const Share& share() const { return share_; }
  void end() { process_->end(); }
  [[nodiscard]] bool ended_by_us() const { return process_->status() == 128 + SIGTERM; }
  /// When it has gone, in a sentence, why, as far as is known.
  [[nodiscard]] std::string obituary() const;

 private:
  void readable();

  Share share_;
  std::function<void()> ended_;
  std::string said_;
  FileDescriptor errors_;
  Registration errors_ready_;
  std::unique_ptr<Process> process_;
};

}  // namespace toro::cli
