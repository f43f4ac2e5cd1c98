// Starts and watches the server of a device.
#include "sdk/cli/guest/device_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <format>

#include "sdk/cli/host/socket.hpp"

namespace toro::cli {

DeviceServer::DeviceServer(EventLoop& loop, DeviceService service, std::function<void()> ended)
    : service_(std::move(service)), ended_(std::move(ended)) {
  const auto socket = listen_unix(service_.socket);
  auto errors = make_pipe();
  ProcessOptions options;
  options.input = socket.get();  // as its descriptor 0
  options.output = options.error = errors.writer.get();
  options.before = service_.before;
  process_ = std::make_unique<Process>(loop, service_.command, options);
  errors_ = std::move(errors.reader);
  fcntl(errors_.get(), F_SETFL, O_NONBLOCK);
  errors_ready_ = loop.watch(errors_.get(), POLLIN, [this](short) { readable(); });
}

void DeviceServer::readable() {
  std::array<char, 4096> bytes;
  const auto count = read(errors_.get(), bytes.data(), bytes.size());
  if (count > 0) said_.append(bytes.data(), static_cast<std::size_t>(count));
  constexpr std::size_t kKept = 4096;
  if (said_.size() > kKept) said_.erase(0, said_.size() - kKept);
  if (count != 0) return;
  errors_ready_.reset();
  ended_();
}

std::string DeviceServer::obituary() const {
  const int status = process_->status().value_or(0);
  if (status > 128)
    return std::format("{} was expected to {} and was ended by signal {}", service_.program, service_.purpose,
                       status - 128);
  auto said = said_;
  while (said.ends_with('\n')) said.pop_back();
  said.erase(0, said.rfind('\n') + 1);
  return std::format("{} was expected to {} and ended with status {}{}{}", service_.program, service_.purpose, status,
                     said.empty() ? "" : ": ", said);
}

}  // namespace toro::cli
