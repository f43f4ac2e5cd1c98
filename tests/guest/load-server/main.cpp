// An HTTP server of one thread for any number of connections: load-server tcp|vsock [KEEP-ALIVE], at port 80. GET
// /memory tells how many bytes of the heap are in use, anything else is greeted. KEEP-ALIVE: seconds until a silent
// client is probed.
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <format>
#include <string>
#include <string_view>

#include <toro/memory.hpp>

namespace {

constexpr std::uint16_t kPort = 80;

int fail(const char* what) {
  std::perror(what);
  return 1;
}

int listen_by_tcp(int keep_alive) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  const int on = 1;
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // as connections have it then
  if (keep_alive != 0) {
    setsockopt(listener, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(listener, IPPROTO_TCP, TCP_KEEPIDLE, &keep_alive, sizeof keep_alive);
    setsockopt(listener, IPPROTO_TCP, TCP_KEEPINTVL, &keep_alive, sizeof keep_alive);
  }
  return bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? listener : -1;
}

int listen_by_vsock() {
  const int listener = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_cid = VMADDR_CID_ANY;
  address.svm_port = kPort;
  return bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? listener : -1;
}

bool watch(int epoll, int descriptor) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void accept_all(int epoll, int listener) {
  for (int connection; (connection = accept(listener, nullptr, nullptr)) >= 0;)
    if (!watch(epoll, connection)) close(connection);
}

/// A request comes in one segment, and is answered in one. False when the client has gone.
bool serve(int connection) {
  std::array<char, 2048> request;
  const ssize_t size = recv(connection, request.data(), request.size(), MSG_DONTWAIT);
  if (size <= 0) return size < 0 && errno == EAGAIN;
  const std::string_view text(request.data(), static_cast<std::size_t>(size));
  if (!text.ends_with("\r\n\r\n")) return true;
  const std::string body =
      text.starts_with("GET /memory ") ? std::to_string(toro::memory::statistics().heap_used) : "hello";
  const std::string answer =
      std::format("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
  return send(connection, answer.data(), answer.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(answer.size());
}

}  // namespace

int main(int argc, char** argv) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return fail("setrlimit");
  const bool is_vsock = argc > 1 && std::string_view(argv[1]) == "vsock";
  const int listener = is_vsock ? listen_by_vsock() : listen_by_tcp(argc > 2 ? std::atoi(argv[2]) : 0);
  const int epoll = epoll_create1(0);
  if (listener < 0 || listen(listener, 1024) != 0 || epoll < 0 || !watch(epoll, listener)) return fail("load-server");
  std::printf("serving\n");
  std::fflush(stdout);
  std::array<epoll_event, 256> events;
  for (;;) {
    const int count = epoll_wait(epoll, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
      if (descriptor == listener)
        accept_all(epoll, listener);
      else if (!serve(descriptor))
        close(descriptor);
    }
  }
}
