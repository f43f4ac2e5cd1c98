// QMP: one JSON object a line. [QEMU docs/interop/qmp-spec]
#include "sdk/cli/broker/qmp.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <format>
#include <nlohmann/json.hpp>

#include "sdk/cli/host/socket.hpp"

namespace toro::cli {

bool Qmp::connect() {
  connection_ = connect_unix(socket_);
  if (!connection_) return false;
  readable_ = loop_.watch(connection_.get(), POLLIN, [this](short) { receive(); });
  waiting_.emplace_back([](bool) {});
  send("qmp_capabilities", "{}");
  return true;
}

void Qmp::on_event(std::function<void(const std::string&)> event) {
  event_ = std::move(event);
  reach();
}

void Qmp::reach() {
  constexpr std::chrono::milliseconds kInterval{2};
  if (!connection_ && !connect()) retry_ = loop_.after(kInterval, [this] { reach(); });
}

void Qmp::send(const std::string& command, const std::string& arguments) {
  auto line = std::format("{{\"execute\": \"{}\", \"arguments\": {}}}\n", command, arguments);
  // A command is far smaller than a socket's buffer.
  if (::send(connection_.get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) fail();
}

void Qmp::execute(const std::string& command, const std::string& arguments, std::function<void(bool)> done) {
  if (!connection_ && !connect()) {
    done(false);
    return;
  }
  waiting_.push_back(std::move(done));
  send(command, arguments);
}

void Qmp::receive() {
  std::array<char, 4096> buffer;
  auto count = ::read(connection_.get(), buffer.data(), buffer.size());
  if (count <= 0) {
    fail();
    return;
  }
  received_.append(buffer.data(), static_cast<std::size_t>(count));
  for (auto end = received_.find('\n'); end != std::string::npos; end = received_.find('\n')) {
    auto line = received_.substr(0, end);
    received_.erase(0, end + 1);
    take_line(line);
  }
}

void Qmp::take_line(const std::string& line) {
  auto message = nlohmann::json::parse(line, nullptr, false);
  if (message.is_discarded()) return;
  if (message.contains("event") && event_) event_(message.value("event", ""));
  if (!message.contains("return") && !message.contains("error")) return;
  if (waiting_.empty()) return;
  auto done = std::move(waiting_.front());
  waiting_.pop_front();
  done(message.contains("return"));
}

void Qmp::fail() {
  readable_.reset();
  connection_.reset();
  for (auto& done : std::exchange(waiting_, {})) done(false);
}

}  // namespace toro::cli
