// Streams between a guest and its host, for the system tests:
//   serve PORT COUNT           gives back what comes over COUNT connections, each in a thread of its own
//   ask PORT SIZE COUNT        sends SIZE bytes over each of COUNT connections at once, and compares what comes back
//   deaf PORT                  accepts a connection, does not read until a line comes on the console, and then counts
//   patient PORT               connects, says when it cannot send any more, then sends all 8 MiB, and ends
//   calls                      what each call of the interface does
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kPart = 65536;

int fail(const char* what) {
  std::perror(what);
  return 1;
}

void say(const char* format, auto... values) {
  std::printf(format, values...);
  std::fflush(stdout);
}

sockaddr_vm address_of(unsigned cid, unsigned port) {
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_cid = cid;
  address.svm_port = port;
  return address;
}

int listen_at(unsigned port) {
  const int listener = socket(AF_VSOCK, SOCK_STREAM, 0);
  const sockaddr_vm address = address_of(VMADDR_CID_ANY, port);
  if (listener < 0 || bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 128) != 0)
    return -1;
  say("listening at port %u\n", port);
  return listener;
}

int connect_to(unsigned port) {
  const int connection = socket(AF_VSOCK, SOCK_STREAM, 0);
  const sockaddr_vm address = address_of(VMADDR_CID_HOST, port);
  if (connection < 0) return -1;
  if (connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return connection;
  const int why = errno;
  close(connection);
  errno = why;
  return -1;
}

bool send_all(int connection, const char* bytes, std::size_t size) {
  return send(connection, bytes, size, 0) == static_cast<ssize_t>(size);
}

void echo(int connection) {
  std::vector<char> buffer(kPart);
  std::size_t total = 0;
  ssize_t count = 0;
  while ((count = recv(connection, buffer.data(), buffer.size(), 0)) > 0) {
    if (!send_all(connection, buffer.data(), static_cast<std::size_t>(count))) break;
    total += static_cast<std::size_t>(count);
  }
  if (count != 0) std::perror("echo");
  close(connection);
  say("echoed %zu bytes\n", total);
}

int serve(unsigned port, int count) {
  const int listener = listen_at(port);
  if (listener < 0) return fail("serve");
  std::vector<std::thread> threads;
  for (; count != 0; --count) {
    const int connection = accept(listener, nullptr, nullptr);
    if (connection < 0) return fail("accept");
    threads.emplace_back(echo, connection);
  }
  for (auto& thread : threads) thread.join();
  return 0;
}

/// Bytes that differ, and are the same each time.
class Pattern {
 public:
  explicit Pattern(unsigned seed) : word_(seed) {}
  void fill(std::vector<char>& bytes) {
    for (char& byte : bytes) byte = static_cast<char>((word_ = word_ * 1103515245 + 12345) >> 16);
  }

 private:
  std::uint32_t word_;
};

bool ask_once(unsigned port, std::size_t size, unsigned seed) {
  const int connection = connect_to(port);
  if (connection < 0) return fail("connect"), false;
  std::thread sender([&] {
    Pattern pattern(seed);
    std::vector<char> part(kPart);
    for (std::size_t left = size; left != 0; left -= part.size()) {
      part.resize(std::min(left, kPart));
      pattern.fill(part);
      if (!send_all(connection, part.data(), part.size())) return std::perror("send");
    }
    shutdown(connection, SHUT_WR);
  });
  Pattern pattern(seed);
  std::vector<char> back(kPart);
  std::vector<char> expected;
  std::size_t received = 0;
  bool is_equal = true;
  for (ssize_t count; (count = recv(connection, back.data(), back.size(), 0)) > 0;) {
    expected.resize(static_cast<std::size_t>(count));
    pattern.fill(expected);
    is_equal = is_equal && std::memcmp(expected.data(), back.data(), expected.size()) == 0;
    received += expected.size();
  }
  sender.join();
  close(connection);
  is_equal = is_equal && received == size;
  say("%zu of %zu bytes came back, %s\n", received, size, is_equal ? "equal" : "different");
  return is_equal;
}

int ask(unsigned port, std::size_t size, unsigned count) {
  std::vector<std::thread> threads;
  std::vector<char> good(count);
  for (unsigned i = 0; i < count; ++i) threads.emplace_back([&, i] { good[i] = ask_once(port, size, i + 1); });
  for (auto& thread : threads) thread.join();
  for (char one : good)
    if (!one) return 1;
  return 0;
}

int deaf(unsigned port) {
  const int listener = listen_at(port);
  const int connection = accept(listener, nullptr, nullptr);
  if (connection < 0) return fail("deaf");
  say("accepted\n");
  std::getchar();
  std::vector<char> buffer(kPart);
  std::size_t total = 0;
  for (ssize_t count; (count = recv(connection, buffer.data(), buffer.size(), 0)) > 0;)
    total += static_cast<std::size_t>(count);
  say("%zu bytes came\n", total);
  return 0;
}

int patient(unsigned port) {
  const int connection = connect_to(port);
  if (connection < 0) return fail("connect");
  const std::vector<char> bytes(8 << 20, 'x');
  std::size_t sent = 0;
  for (ssize_t count; (count = send(connection, bytes.data() + sent, bytes.size() - sent, MSG_DONTWAIT)) > 0;) {
    sent += static_cast<std::size_t>(count);
    pollfd ready{connection, POLLOUT, 0};
    if (poll(&ready, 1, 2000) == 0) break;
  }
  say("%zu bytes went before it had to wait\n", sent);
  if (!send_all(connection, bytes.data() + sent, bytes.size() - sent)) return fail("send");
  close(connection);
  return 0;
}

int failures = 0;
void check(bool holds, const char* what) {
  if (holds) return;
  ++failures;
  say("wrong: %s (errno %d)\n", what, errno);
}

/// The host gives back what comes to port 7, and nobody listens at its port 8.
int calls() {
  const auto fails = [](long result, int why, const char* what) { check(result == -1 && errno == why, what); };
  fails(socket(AF_VSOCK, SOCK_DGRAM, 0), ESOCKTNOSUPPORT, "datagrams");
  fails(socket(AF_VSOCK, SOCK_STREAM, 6), EPROTONOSUPPORT, "a protocol");

  const int listener = socket(AF_VSOCK, SOCK_STREAM, 0);
  sockaddr_vm address = address_of(99, 5000);
  const auto* const given = reinterpret_cast<const sockaddr*>(&address);
  fails(bind(listener, given, sizeof address), EADDRNOTAVAIL, "an address of another");
  fails(bind(listener, given, 8), EINVAL, "a short address");
  address.svm_family = AF_INET;
  fails(bind(listener, given, sizeof address), EAFNOSUPPORT, "an address of another family");
  unsigned cid = 0;
  check(ioctl(listener, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid) == 0 && cid >= 3, "the context id");
  address = address_of(cid, 5000);
  check(bind(listener, given, sizeof address) == 0, "bind");
  fails(accept(listener, nullptr, nullptr), EINVAL, "accept before listen");
  check(listen(listener, 1) == 0, "listen");
  const int second = socket(AF_VSOCK, SOCK_STREAM, 0);
  fails(bind(second, given, sizeof address), EADDRINUSE, "a port that is taken");
  fcntl(listener, F_SETFL, O_NONBLOCK);
  fails(accept(listener, nullptr, nullptr), EAGAIN, "accept without a client");
  sockaddr_vm name{};
  socklen_t size = sizeof name;
  check(getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size) == 0 && size == sizeof name &&
            name.svm_cid == cid && name.svm_port == 5000,
        "getsockname");
  fails(getpeername(listener, reinterpret_cast<sockaddr*>(&name), &size), ENOTCONN, "getpeername of a listener");

  errno = 0;
  check(connect_to(8) == -1 && errno == ECONNRESET, "nobody listens");
  address = address_of(77, 7);
  fails(connect(second, given, sizeof address), ENETUNREACH, "another machine");
  fails(send(second, "x", 1, 0), ENOTCONN, "send before connect");
  const timeval limit{.tv_sec = 5, .tv_usec = 0};
  timeval is{};
  size = sizeof is;
  check(setsockopt(second, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &limit, sizeof limit) == 0 &&
            getsockopt(second, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &is, &size) == 0 && is.tv_sec == 5,
        "the limit of connect");

  fcntl(second, F_SETFL, O_NONBLOCK);
  address = address_of(VMADDR_CID_HOST, 7);
  fails(connect(second, given, sizeof address), EINPROGRESS, "connect without waiting");
  pollfd ready{second, POLLOUT, 0};
  int error = -1;
  size = sizeof error;
  check(poll(&ready, 1, 10'000) == 1 && ready.revents == POLLOUT &&
            getsockopt(second, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0,
        "poll until it is connected");
  fails(connect(second, given, sizeof address), EISCONN, "connect again");
  size = sizeof name;
  check(getpeername(second, reinterpret_cast<sockaddr*>(&name), &size) == 0 && name.svm_cid == VMADDR_CID_HOST &&
            name.svm_port == 7,
        "getpeername");
  char buffer[16] = {};
  fails(recv(second, buffer, sizeof buffer, 0), EAGAIN, "nothing has come");
  iovec parts[2] = {{const_cast<char*>("to and"), 6}, {const_cast<char*>(" fro"), 4}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  check(sendmsg(second, &message, 0) == 10, "sendmsg");
  fcntl(second, F_SETFL, 0);
  check(recv(second, buffer, 10, MSG_PEEK | MSG_WAITALL) > 0, "peek");
  check(recv(second, buffer, 10, MSG_WAITALL) == 10 && std::string_view(buffer) == "to and fro", "recv");
  ready.events = POLLIN;
  check(poll(&ready, 1, 0) == 0, "poll with nothing to read");
  check(shutdown(second, SHUT_WR) == 0 && recv(second, buffer, 1, 0) == 0, "the end");
  fails(send(second, "x", 1, MSG_NOSIGNAL), EPIPE, "send after shutdown");
  close(second);
  close(listener);
  say("%d wrong\n", failures);
  return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  const auto number = [&](int i) { return static_cast<unsigned>(std::strtoul(argv[i], nullptr, 10)); };
  if (what == "serve" && argc == 4) return serve(number(2), static_cast<int>(number(3)));
  if (what == "ask" && argc == 5) return ask(number(2), std::strtoul(argv[3], nullptr, 10), number(4));
  if (what == "deaf" && argc == 3) return deaf(number(2));
  if (what == "patient" && argc == 3) return patient(number(2));
  if (what == "calls" && argc == 2) return calls();
  std::fprintf(stderr,
               "usage: vsock-probe serve PORT COUNT | ask PORT SIZE COUNT | deaf PORT | patient PORT | calls\n");
  return 2;
}
