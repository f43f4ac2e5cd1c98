// Starts and watches a virtiofsd.
#include "sdk/cli/guest/folder_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <format>

#include "sdk/cli/host/socket.hpp"
#include "sdk/cli/host/user_namespace.hpp"

namespace toro::cli {

FolderServer::FolderServer(EventLoop& loop, const Share& share, const std::string& run, std::function<void()> ended)
    : share_(share), ended_(std::move(ended)) {
  const auto socket = listen_unix(share.socket(run));
  auto errors = make_pipe();
  std::filesystem::create_symlink(share.folder, share.folder_link(run));
  ProcessOptions options;
  options.input = socket.get();  // as its descriptor 0
  options.output = options.error = errors.writer.get();
  // It changes its root, and takes the identity of whom it creates files for.
  if (geteuid() != 0) options.before = become_root_of_user_namespace;
  process_ = std::make_unique<Process>(loop, server_command(share, run, std::format("--fd={}", STDIN_FILENO)), options);
  errors_ = std::move(errors.reader);
  fcntl(errors_.get(), F_SETFL, O_NONBLOCK);
  errors_ready_ = loop.watch(errors_.get(), POLLIN, [this](short) { readable(); });
}

void FolderServer::readable() {
  std::array<char, 4096> bytes;
  const auto count = read(errors_.get(), bytes.data(), bytes.size());
  if (count > 0) said_.append(bytes.data(), static_cast<std::size_t>(count));
  constexpr std::size_t kKept = 4096;
  if (said_.size() > kKept) said_.erase(0, said_.size() - kKept);
  if (count != 0) return;
  errors_ready_.reset();
  ended_();
}

std::string FolderServer::obituary() const {
  const int status = process_->status().value_or(0);
  if (status > 128)
    return std::format("virtiofsd was expected to serve {} to the guest and was ended by signal {}",
                       share_.folder.string(), status - 128);
  auto said = said_;
  while (said.ends_with('\n')) said.pop_back();
  said.erase(0, said.rfind('\n') + 1);
  return std::format("virtiofsd was expected to serve {} to the guest and ended with status {}{}{}",
                     share_.folder.string(), status, said.empty() ? "" : ": ", said);
}

}  // namespace toro::cli
