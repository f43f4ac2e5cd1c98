// Loads an echo, and prints what that took: echo_load udp|ping-pong ADDRESS PORT MILLISECONDS
//   udp        nanoseconds for each datagram of 64 bytes that came back, 64 of them under way
//   ping-pong  nanoseconds from a message of 64 bytes on TCP to its return, the median
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSize = 64;
constexpr std::uint64_t kUnderWay = 64;

void require(bool holds, const char* what) {
  if (holds) return;
  std::perror(what);
  std::exit(1);
}

int connected(int type, const char* host, const char* port) {
  const int socket = ::socket(AF_INET, type, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  require(inet_pton(AF_INET, host, &address.sin_addr) == 1, "an IPv4 address was expected");
  require(connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "connect");
  return socket;
}

/// Datagrams of several messages at once, so that the load costs less than what it is put on.
struct Batch {
  Batch() {
    for (std::size_t i = 0; i < kUnderWay; ++i) {
      parts[i] = {bytes[i].data(), kSize};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
  }
  [[nodiscard]] std::uint64_t number(std::size_t i) const {
    std::uint64_t number = 0;
    std::memcpy(&number, bytes[i].data(), sizeof number);
    return number;
  }
  void set_number(std::size_t i, std::uint64_t number) { std::memcpy(bytes[i].data(), &number, sizeof number); }

  std::array<std::array<char, kSize>, kUnderWay> bytes{};
  std::array<iovec, kUnderWay> parts{};
  std::array<mmsghdr, kUnderWay> messages{};
};

/// They come back in order: those before one that came are not under way.
double udp(int socket, Clock::duration length) {
  const timeval patience{.tv_sec = 0, .tv_usec = 20'000};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  Batch batch;
  std::uint64_t sent = 0;
  std::uint64_t returned_up_to = 0;
  std::uint64_t returned = 0;
  const auto start = Clock::now();
  while (Clock::now() - start < length) {
    const std::uint64_t wanted = kUnderWay - (sent - returned_up_to);
    for (std::uint64_t i = 0; i < wanted; ++i) batch.set_number(i, sent + i);
    const int gone = wanted == 0 ? 0 : sendmmsg(socket, batch.messages.data(), static_cast<unsigned>(wanted), 0);
    require(gone >= 0, "sendmmsg");
    sent += static_cast<std::uint64_t>(gone);
    const int count = recvmmsg(socket, batch.messages.data(), kUnderWay, MSG_WAITFORONE, nullptr);
    if (count < 0) {
      require(errno == EAGAIN, "recvmmsg");
      returned_up_to = sent;  // all are lost
    }
    for (int i = 0; i < count; ++i)
      returned_up_to = std::max(returned_up_to, batch.number(static_cast<std::size_t>(i)) + 1);
    returned += static_cast<std::uint64_t>(std::max(count, 0));
  }
  const auto taken = std::chrono::duration<double, std::nano>(Clock::now() - start);
  return taken.count() / static_cast<double>(std::max<std::uint64_t>(returned, 1));
}

double ping_pong(int socket, Clock::duration length) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::vector<Clock::duration> times;
  std::array<char, kSize> message{};
  const auto start = Clock::now();
  for (auto now = start; now - start < length;) {
    require(send(socket, message.data(), kSize, 0) == kSize, "send");
    require(recv(socket, message.data(), kSize, MSG_WAITALL) == kSize, "recv");
    const auto then = Clock::now();
    times.push_back(then - now);
    now = then;
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  return std::chrono::duration<double, std::nano>(*middle).count();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 5 ? argv[1] : "";
  if (what != "udp" && what != "ping-pong") {
    std::fprintf(stderr, "expected udp|ping-pong ADDRESS PORT MILLISECONDS\n");
    return 2;
  }
  const auto length = std::chrono::milliseconds(std::atoi(argv[4]));
  std::printf("%.0f\n", what == "udp" ? udp(connected(SOCK_DGRAM, argv[2], argv[3]), length)
                                      : ping_pong(connected(SOCK_STREAM, argv[2], argv[3]), length));
  return 0;
}
