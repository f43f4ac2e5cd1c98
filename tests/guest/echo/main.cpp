// Echo by TCP: `echo serve PORT COUNT` gives back what comes over COUNT connections, each in a thread of its own, and
// then ends; `echo ask ADDRESS PORT SIZE...` sends so many bytes over a connection for each, and compares what comes
// back; `echo await-typing` waits for the console.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

int fail(const char* what) {
  std::perror(what);
  return 1;
}

bool send_all(int connection, const char* bytes, std::size_t size) {
  while (size != 0) {
    const ssize_t count = send(connection, bytes, size, 0);
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

void echo(int connection) {
  std::vector<char> buffer(65536);
  std::size_t total = 0;
  for (;;) {
    const ssize_t count = recv(connection, buffer.data(), buffer.size(), 0);
    if (count == 0) break;
    if (count < 0 || !send_all(connection, buffer.data(), static_cast<std::size_t>(count))) {
      std::perror("echo");
      break;
    }
    total += static_cast<std::size_t>(count);
  }
  close(connection);
  std::printf("echoed %zu bytes\n", total);
  std::fflush(stdout);
}

int serve(std::uint16_t port, int count) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (listener < 0 || bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 64) != 0)
    return fail("echo");
  std::printf("listening at port %u\n", port);
  std::fflush(stdout);
  std::vector<std::thread> threads;
  for (; count != 0; --count) {
    const int connection = accept(listener, nullptr, nullptr);
    if (connection < 0) return fail("accept");
    threads.emplace_back(echo, connection);
  }
  for (auto& thread : threads) thread.join();
  return 0;
}

/// Bytes that follow from a seed: each end of a connection makes them for itself.
class Pattern {
 public:
  explicit Pattern(unsigned seed) : seed_(seed) {}
  void fill(char* to, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<char>((seed_ = seed_ * 1103515245 + 12345) >> 16);
  }

 private:
  unsigned seed_;
};

int ask(const char* host, std::uint16_t port, std::size_t size, unsigned seed) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) return fail(host);
  if (connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return fail("connect");
  constexpr std::size_t kPart = 65536;
  std::thread sender([&] {
    Pattern pattern(seed);
    std::vector<char> part(kPart);
    for (std::size_t left = size; left != 0;) {
      const std::size_t count = std::min(left, part.size());
      pattern.fill(part.data(), count);
      if (!send_all(connection, part.data(), count)) return std::perror("send");
      left -= count;
    }
    shutdown(connection, SHUT_WR);
  });
  Pattern pattern(seed);
  std::vector<char> back(kPart);
  std::vector<char> expected(kPart);
  std::size_t received = 0;
  bool is_equal = true;
  for (ssize_t count; (count = recv(connection, back.data(), back.size(), 0)) > 0;) {
    const auto length = static_cast<std::size_t>(count);
    pattern.fill(expected.data(), length);
    is_equal = is_equal && std::memcmp(back.data(), expected.data(), length) == 0;
    received += length;
  }
  sender.join();
  close(connection);
  is_equal = is_equal && received == size;
  std::printf("%zu of %zu bytes came back, %s\n", received, size, is_equal ? "equal" : "different");
  return is_equal ? 0 : 1;
}

/// Tells what was typed after epoll, and after poll, has said that something was.
int await_typing() {
  const auto tell = [](const char* by) {
    std::string line;  // which may come in parts
    char byte = 0;
    while (byte != '\n' && read(STDIN_FILENO, &byte, 1) == 1) line += byte;
    std::printf("%s: %zu bytes, %s", by, line.size(), line.c_str());
    std::fflush(stdout);
  };
  const int epoll = epoll_create1(0);
  epoll_event event{.events = EPOLLIN, .data = {}};
  if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event) != 0) return fail("epoll");
  std::puts("type");
  std::fflush(stdout);
  if (epoll_wait(epoll, &event, 1, -1) != 1) return fail("epoll_wait");
  tell("epoll");
  pollfd entry{STDIN_FILENO, POLLIN, 0};
  if (poll(&entry, 1, -1) != 1) return fail("poll");
  tell("poll");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "serve" && argc == 4) return serve(static_cast<std::uint16_t>(std::atoi(argv[2])), std::atoi(argv[3]));
  if (what == "ask" && argc > 4) {
    int failures = 0;
    for (int i = 4; i < argc; ++i)
      failures += ask(argv[2], static_cast<std::uint16_t>(std::atoi(argv[3])), std::strtoul(argv[i], nullptr, 10),
                      static_cast<unsigned>(i));
    return failures;
  }
  if (what == "await-typing") return await_typing();
  std::fprintf(stderr, "usage: echo serve PORT COUNT, echo ask ADDRESS PORT SIZE..., echo await-typing\n");
  return 2;
}
