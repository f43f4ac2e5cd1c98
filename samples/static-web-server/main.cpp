// Serves the files of its image by HTTP/1.1, each connection in a thread of its own: static-web-server [PORT [COUNT]].
// PORT is one of TCP, or vsock:PORT. Ends after COUNT connections.
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <format>
#include <mutex>
#include <thread>

#include <toro/http.hpp>

namespace http = toro::http;

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
constexpr auto kNever = Clock::time_point::max();

constexpr auto kMostIdle = 15s;  // between two requests: a page's files come within, and a user who reads connects anew
constexpr auto kMostForHead = 10s;  // from a request's first byte to its empty line: most come in one segment
constexpr auto kMostForPart = 30s;  // for a client to take 64 KiB, or some of it: 17 kbit/s
constexpr std::size_t kMostConnections = 256;  // a thread each, with a stack of 128 KiB: 32 of a guest's 64 MiB

/// Of the connections that are there: whoever makes the server wait does not keep others out.
class Places {
 public:
  struct Place {
    int socket = -1;
    Clock::time_point waits_since = kNever;  ///< for a request; not while it has one
  };

  /// For a new connection. Where none is free, that one ends whose next request has been waited for longest.
  Place& take(int socket) {
    std::unique_lock lock(mutex_);
    auto place = std::ranges::find(places_, -1, &Place::socket);
    if (place == places_.end()) {
      const auto slowest = std::ranges::min_element(places_, {}, &Place::waits_since);
      if (slowest->waits_since != kNever) shutdown(slowest->socket, SHUT_RDWR);
      freed_.wait(lock, [&] { return (place = std::ranges::find(places_, -1, &Place::socket)) != places_.end(); });
    }
    *place = {socket, Clock::now()};
    return *place;
  }
  void give_back(Place& place) {
    const std::scoped_lock lock(mutex_);
    close(place.socket);
    place = {};
    freed_.notify_one();
  }
  void set_waits_since(Place& place, Clock::time_point since) {
    const std::scoped_lock lock(mutex_);
    place.waits_since = since;
  }

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  std::array<Place, kMostConnections> places_{};
};
Places places;

struct Descriptor {
  explicit Descriptor(int n) : number(n) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
  const int number;
};

class Connection {
 public:
  explicit Connection(Places::Place& place) : place_(place), socket_(place.socket) {
    limit_wait(SO_RCVTIMEO, kMostIdle);
    limit_wait(SO_SNDTIMEO, kMostForPart);
  }
  ~Connection() { places.give_back(place_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void serve() {
    for (;;) {
      places.set_waits_since(place_, Clock::now());
      const auto head = next_head();
      if (!head) return;
      places.set_waits_since(place_, kNever);
      const auto request = http::parse(*head);
      if (!request) {
        answer_error({}, "400 Bad Request");
        return;
      }
      if (!answer(*request) || !request->keeps_alive) return;
    }
  }

 private:
  /// Up to the empty line, which is taken too; nothing when the client has gone, says too much, or takes too long.
  std::optional<std::string> next_head() {
    std::array<char, 2048> part;
    Clock::time_point end = kNever;  // until it has begun
    for (;;) {
      if (auto head = http::take_head(pending_)) {
        if (end != kNever) limit_wait(SO_RCVTIMEO, kMostIdle);
        return head;
      }
      if (pending_.size() > http::kMostHead) return std::nullopt;
      if (!pending_.empty()) {
        const auto now = Clock::now();
        if (end == kNever) end = now + kMostForHead;
        if (now >= end) return answer_error({}, "408 Request Timeout"), std::nullopt;
        limit_wait(SO_RCVTIMEO, end - now);
      }
      const ssize_t count = recv(socket_, part.data(), part.size(), 0);
      if (count < 0 && errno == EAGAIN && !pending_.empty()) continue;
      if (count <= 0) return std::nullopt;
      pending_.append(part.data(), static_cast<std::size_t>(count));
    }
  }

  void limit_wait(int option, std::chrono::nanoseconds most) {
    const auto microseconds = std::chrono::ceil<std::chrono::microseconds>(most).count();
    const timeval time{.tv_sec = microseconds / 1'000'000, .tv_usec = microseconds % 1'000'000};
    setsockopt(socket_, SOL_SOCKET, option, &time, sizeof time);
  }

  bool send_all(std::string_view bytes) {
    return send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }

  bool answer_error(const http::Request& request, std::string_view status) {
    return send_all(http::answer(request, status, "text/plain", std::format("{}\n", status)));
  }

  bool answer(const http::Request& request) {
    if (request.method != "GET" && request.method != "HEAD") {
      answer_error({}, "501 Not Implemented");
      return false;
    }
    const std::string path = request.path + (request.path.ends_with('/') ? "index.html" : "");
    const Descriptor file(open(path.c_str(), O_RDONLY));
    struct stat about{};
    if (file.number < 0 || fstat(file.number, &about) != 0 || !S_ISREG(about.st_mode))
      return answer_error(request, "404 Not Found");
    const auto size = static_cast<std::size_t>(about.st_size);
    std::size_t begin = 0;
    std::size_t end = size;
    if (request.range) {
      const auto& [first, last] = *request.range;
      begin = first ? *first : size - std::min(size, *last);
      end = first && last ? std::min(size, *last + 1) : size;
      if (begin >= end) return answer_error(request, "416 Range Not Satisfiable");
    }
    std::string head = std::format("HTTP/1.1 {}\r\nContent-Length: {}\r\nAccept-Ranges: bytes\r\nContent-Type: {}\r\n",
                                   request.range ? "206 Partial Content" : "200 OK", end - begin, type_of(path));
    if (request.range) head += std::format("Content-Range: bytes {}-{}/{}\r\n", begin, end - 1, size);
    head.append(connection_field(request)).append("\r\n");
    return request.method == "HEAD" ? send_all(head) : send_file(std::move(head), file.number, begin, end);
  }

  /// The head goes with the first bytes of the file.
  bool send_file(std::string bytes, int file, std::size_t begin, std::size_t end) {
    constexpr std::size_t kPart = 65536;
    do {
      const std::size_t head = bytes.size();
      const std::size_t wanted = std::min(kPart, end - begin);
      bytes.resize(head + wanted);
      if (pread(file, bytes.data() + head, wanted, static_cast<off_t>(begin)) != static_cast<ssize_t>(wanted))
        return false;
      if (!send_all(bytes)) return false;
      bytes.clear();
      begin += wanted;
    } while (begin < end);
    return true;
  }

  static std::string_view type_of(std::string_view path) {
    for (const auto& [end, type] : {std::pair<std::string_view, std::string_view>{".html", "text/html"},
                                    {".css", "text/css"},
                                    {".js", "text/javascript"},
                                    {".txt", "text/plain"},
                                    {".png", "image/png"},
                                    {".svg", "image/svg+xml"}})
      if (path.ends_with(end)) return type;
    return "application/octet-stream";
  }

  Places::Place& place_;
  const int socket_;
  std::string pending_;
};

/// A socket that listens at a port, "80" or "vsock:80"; negative, with errno, when there is none.
int listen_at(std::string_view place) {
  constexpr std::string_view kVsock = "vsock:";
  const bool is_vsock = place.starts_with(kVsock);
  if (is_vsock) place.remove_prefix(kVsock.size());
  const auto port = static_cast<unsigned>(std::atoi(place.data()));
  const int listener = socket(is_vsock ? AF_VSOCK : AF_INET, SOCK_STREAM, 0);
  if (listener < 0) return -1;
  sockaddr_vm local{};
  local.svm_family = AF_VSOCK;
  local.svm_cid = VMADDR_CID_ANY;
  local.svm_port = port;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const int on = 1;
  if (!is_vsock) setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // as connections have it then
  const int bound = is_vsock ? bind(listener, reinterpret_cast<const sockaddr*>(&local), sizeof local)
                             : bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return bound == 0 && listen(listener, 128) == 0 ? listener : -1;
}

}  // namespace

int main(int argc, char** argv) {
  const char* const place = argc > 1 ? argv[1] : "80";
  long left = argc > 2 ? std::atol(argv[2]) : -1;
  const Descriptor listener(listen_at(place));
  if (listener.number < 0) return std::perror("static-web-server"), 1;
  std::printf("serving at port %s\n", place);
  std::fflush(stdout);
  std::thread last;
  for (; left != 0; left -= left > 0 ? 1 : 0) {
    const int connection = accept(listener.number, nullptr, nullptr);
    if (connection < 0) continue;
    std::thread thread([&place = places.take(connection)] { Connection(place).serve(); });
    if (left == 1)
      last = std::move(thread);
    else
      thread.detach();
  }
  if (last.joinable()) last.join();
}
