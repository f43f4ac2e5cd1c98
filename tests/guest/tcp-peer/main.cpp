// Does with TCP sockets what datagrams to UDP port 9 say, and answers each: the tests' hand inside of the guest. It
// listens at TCP port 80. `P` is the other side's port, which names a connection.
//   connect P     begins a connection to the sender of the datagram; answers its own port
//   accept P      takes in what waits; answers the state of P
//   state P       the state of P's connection
//   send P COUNT  how many bytes were taken
//   read P        how many bytes came, "end", "nothing yet" or an error
//   shut P        shuts its sending side down
//   close P       is done with it
//   memory        how many bytes of the heap are in use
//   end           ends the program
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <sstream>
#include <string>
#include <toro/memory.hpp>
#include <vector>

namespace {

constexpr std::array kStates{"closed",    "established", "syn-sent",   "syn-received", "fin-wait-1", "fin-wait-2",
                             "time-wait", "closed",      "close-wait", "last-ack",     "listen",     "closing"};

int listener = -1;
std::map<int, int> connections;  // by the other side's port

std::string error() {
  return errno == EAGAIN ? "nothing yet" : std::strerror(errno);
}

std::string state_of(int number) {
  tcp_info information{};
  socklen_t size = sizeof information;
  if (getsockopt(number, IPPROTO_TCP, TCP_INFO, &information, &size) != 0) return error();
  return kStates.at(information.tcpi_state);
}

void accept_all() {
  sockaddr_in from{};
  socklen_t size = sizeof from;
  for (int number; (number = accept4(listener, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK)) >= 0;)
    connections[ntohs(from.sin_port)] = number;
}

std::string connect_to(sockaddr_in other, int port) {
  const int number = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  other.sin_port = htons(static_cast<std::uint16_t>(port));
  if (connect(number, reinterpret_cast<sockaddr*>(&other), sizeof other) != 0 && errno != EINPROGRESS) return error();
  connections[port] = number;
  sockaddr_in own{};
  socklen_t size = sizeof own;
  getsockname(number, reinterpret_cast<sockaddr*>(&own), &size);
  return std::to_string(ntohs(own.sin_port));
}

std::string obey(const std::string& line, const sockaddr_in& from) {
  std::istringstream words(line);
  std::string what;
  int port = 0;
  std::size_t count = 0;
  words >> what >> port >> count;
  if (what == "memory") return std::to_string(toro::memory::statistics().heap_used);
  if (what == "connect") return connect_to(from, port);
  if (what == "accept") accept_all();
  const auto found = connections.find(port);
  if (found == connections.end()) return "none";
  const int number = found->second;
  if (what == "accept" || what == "state") return state_of(number);
  if (what == "close") {
    connections.erase(found);
    return close(number) == 0 ? "done" : error();
  }
  if (what == "shut") return shutdown(number, SHUT_WR) == 0 ? "done" : error();
  std::vector<char> bytes(what == "send" ? count : 65536, 'x');
  if (what == "send") {
    const ssize_t sent = send(number, bytes.data(), bytes.size(), 0);
    return sent < 0 ? error() : std::to_string(sent);
  }
  if (what != "read") return "what?";
  const ssize_t got = recv(number, bytes.data(), bytes.size(), 0);
  return got < 0 ? error() : got == 0 ? "end" : std::to_string(got);
}

}  // namespace

int main() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(80);
  listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int orders = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 1024) != 0)
    return std::perror("tcp-peer"), 1;
  address.sin_port = htons(9);
  if (bind(orders, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return std::perror("tcp-peer"), 1;
  std::printf("ready\n");
  std::fflush(stdout);
  for (;;) {
    std::array<char, 128> line{};
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t length = recvfrom(orders, line.data(), line.size() - 1, 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (length < 0) return std::perror("tcp-peer"), 1;
    const std::string order(line.data(), static_cast<std::size_t>(length));
    const std::string answer = order == "end" ? "done" : obey(order, from);
    sendto(orders, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    if (order == "end") return 0;
  }
}
