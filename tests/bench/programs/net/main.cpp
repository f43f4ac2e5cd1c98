// A server with one thread, for what its client measures: HTTP/1.1 at port 80 of TCP, and of vsock where that is there,
// with "/" of 128 bytes and "/1m" of 1 MiB; an echo at port 7 of TCP and of UDP. Says "serving" when it can be reached.
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "network.hpp"

namespace {

constexpr std::uint16_t kHttp = 80;
constexpr std::uint16_t kEcho = 7;

void require(bool holds, const char* what) {
  if (holds) return;
  std::perror(what);
  std::exit(1);
}

std::string answer_of(std::size_t size, std::string_view connection) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\nConnection: " + std::string(connection) +
         "\r\n\r\n" + std::string(size, 'x');
}

int epoll;

/// What epoll tells of. It deletes itself when its socket is closed.
class Handler {
 public:
  Handler(int socket, std::uint32_t events) : socket_(socket) { watch(EPOLL_CTL_ADD, events); }
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() { close(socket_); }
  virtual void ready() = 0;

 protected:
  [[nodiscard]] int socket() const { return socket_; }
  void wait_for(std::uint32_t events) { watch(EPOLL_CTL_MOD, events); }

 private:
  void watch(int operation, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = this;
    require(epoll_ctl(epoll, operation, socket_, &event) == 0, "epoll_ctl");
  }

  int socket_;
};

class HttpConnection final : public Handler {
 public:
  explicit HttpConnection(int socket) : Handler(socket, EPOLLIN) {}

  void ready() override {
    if (!(unsent_.empty() ? receive() : send_more())) delete this;
  }

 private:
  /// Each of these: whether the connection goes on.
  bool receive() {
    const ssize_t count = recv(socket(), request_.data() + received_, request_.size() - received_, 0);
    if (count <= 0) return count < 0 && errno == EAGAIN;
    received_ += static_cast<std::size_t>(count);
    const std::string_view request(request_.data(), received_);
    if (!request.ends_with("\r\n\r\n")) return received_ < request_.size();
    static const std::array answers = {answer_of(128, "keep-alive"), answer_of(128, "close"),
                                       answer_of(1 << 20, "keep-alive"), answer_of(1 << 20, "close")};
    is_last_ = request.contains("Connection: close\r\n");
    unsent_ = answers[(request.starts_with("GET /1m ") ? 2 : 0) + (is_last_ ? 1 : 0)];
    received_ = 0;
    return send_more();
  }

  bool send_more() {
    const ssize_t count = send(socket(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) return false;
    if (count > 0) unsent_.remove_prefix(static_cast<std::size_t>(count));
    if (unsent_.empty() == waits_to_send_) {
      waits_to_send_ = !waits_to_send_;
      wait_for(waits_to_send_ ? EPOLLOUT : EPOLLIN);
    }
    return !unsent_.empty() || !is_last_;
  }

  std::array<char, 2048> request_;
  std::size_t received_ = 0;
  std::string_view unsent_;
  bool waits_to_send_ = false;
  bool is_last_ = false;
};

class EchoConnection final : public Handler {
 public:
  explicit EchoConnection(int socket) : Handler(socket, EPOLLIN) {}

  void ready() override {
    std::array<char, 2048> bytes;
    const ssize_t count = recv(socket(), bytes.data(), bytes.size(), 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0 || send(socket(), bytes.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL) != count) delete this;
  }
};

class EchoDatagrams final : public Handler {
 public:
  explicit EchoDatagrams(int socket) : Handler(socket, EPOLLIN) {}

  void ready() override {
    std::array<char, 2048> bytes;
    sockaddr_in from{};
    for (;;) {
      socklen_t size = sizeof from;
      const ssize_t count =
          recvfrom(socket(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (count < 0) return;
      sendto(socket(), bytes.data(), static_cast<std::size_t>(count), 0, reinterpret_cast<const sockaddr*>(&from),
             size);
    }
  }
};

template <class Connection>
class Listener final : public Handler {
 public:
  explicit Listener(int socket) : Handler(socket, EPOLLIN) { require(listen(socket, 128) == 0, "listen"); }

  void ready() override {
    for (int accepted; (accepted = accept4(socket(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;)
      new Connection(accepted);
  }
};

int bound_socket(int type, std::uint16_t port) {
  const int bound = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  require(bind(bound, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "bind");
  const int on = 1;
  if (type == SOCK_STREAM) setsockopt(bound, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // as its connections have it
  return bound;
}

/// Negative where there is no vsock.
int bound_vsock(std::uint32_t port) {
  const int bound = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_cid = VMADDR_CID_ANY;
  address.svm_port = port;
  if (bound >= 0 && bind(bound, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return bound;
  close(bound);
  return -1;
}

}  // namespace

int main() {
  require(platform::start_network(), "a network interface was expected");
  epoll = epoll_create1(EPOLL_CLOEXEC);
  new Listener<HttpConnection>(bound_socket(SOCK_STREAM, kHttp));
  new Listener<EchoConnection>(bound_socket(SOCK_STREAM, kEcho));
  new EchoDatagrams(bound_socket(SOCK_DGRAM, kEcho));
  if (const int vsock = bound_vsock(kHttp); vsock >= 0) new Listener<HttpConnection>(vsock);
  std::puts("serving");
  std::fflush(stdout);
  for (;;) {
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) static_cast<Handler*>(events[static_cast<std::size_t>(i)].data.ptr)->ready();
  }
}
