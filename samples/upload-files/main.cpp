// Takes files by HTTP and gives them back, each connection in a thread of its own: upload-files [PORT [COUNT]]. Ends
// after COUNT connections. They lie in /uploads, on whatever is mounted there; else in memory.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <format>
#include <vector>

#include <toro/file.hpp>
#include <toro/http.hpp>
#include <toro/tcp.hpp>
#include <toro/thread.hpp>

namespace {

constexpr std::string_view kFolder = "/uploads";

class Client {
 public:
  explicit Client(toro::TcpStream stream) : stream_(std::move(stream)) {}

  void serve() {
    while (const auto head = next_head()) {
      const auto request = toro::http::parse(*head);
      if (!request) return say({}, "400 Bad Request", "no request\n");
      const auto slash = request->path.find('/', 1);
      if (slash != std::string::npos) return say({}, "404 Not Found", "files have no folders\n");
      if (request->method == "POST" || request->method == "PUT") {
        if (!store(*request)) return;
      } else if (request->method == "GET") {
        request->path == "/" ? list(*request) : give(*request);
      } else {
        return say({}, "501 Not Implemented", "POST, PUT or GET was expected\n");
      }
      if (!request->keeps_alive) return;
    }
  }

 private:
  bool receive_more() {
    std::array<char, 16384> part;
    const auto size = stream_.receive(std::as_writable_bytes(std::span(part)));
    if (!size || *size == 0) return false;
    received_.append(part.data(), *size);
    return true;
  }
  std::optional<std::string> next_head() {
    for (;;) {
      if (auto head = toro::http::take_head(received_)) return head;
      if (received_.size() > toro::http::kMostHead || !receive_more()) return std::nullopt;
    }
  }
  void say(const toro::http::Request& request, std::string_view status, std::string_view body) {
    static_cast<void>(stream_.send(toro::http::answer(request, status, "text/plain", body)));
  }
  static std::string path_of(const toro::http::Request& request) { return std::string(kFolder) + request.path; }

  /// Part by part as it comes: a file may be longer than memory. False when the connection is of no use any more.
  bool store(const toro::http::Request& request) {
    using enum toro::OpenMode;
    auto file = toro::File::open(path_of(request), write | create | truncate);
    if (!file) return say({}, "400 Bad Request", std::format("{}\n", describe(file.error()))), false;
    for (std::size_t left = request.content_length; left != 0;) {
      if (received_.empty() && !receive_more()) return false;
      const std::size_t size = std::min(left, received_.size());
      const auto written = file->write(std::as_bytes(std::span(received_)).first(size));
      if (!written || *written != size) return say({}, "507 Insufficient Storage", "there is no room\n"), false;
      received_.erase(0, size);
      left -= size;
    }
    say(request, "201 Created", std::format("{}: {} bytes\n", request.path, request.content_length));
    return true;
  }

  void give(const toro::http::Request& request) {
    auto file = toro::File::open(path_of(request));
    const auto attributes = file ? file->attributes() : std::unexpected(file.error());
    if (!attributes) return say(request, "404 Not Found", std::format("{}\n", describe(attributes.error())));
    static_cast<void>(stream_.send(
        std::format("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\n{}\r\n",
                    attributes->size, connection_field(request))));
    std::vector<std::byte> part(65536);
    for (std::size_t left = attributes->size; left != 0;) {
      const auto size = file->read(std::span(part).first(std::min(left, part.size())));
      if (!size || *size == 0 || !stream_.send(std::span(part).first(*size))) return;
      left -= *size;
    }
  }

  void list(const toro::http::Request& request) {
    std::string names;
    auto folder = toro::Directory::open(kFolder);
    while (folder) {
      const auto entry = folder->next();
      if (!entry || !*entry) break;
      const auto about = toro::attributes(std::format("{}/{}", kFolder, (*entry)->name()));
      names += std::format("{} {}\n", about ? about->size : 0, (*entry)->name());
    }
    say(request, "200 OK", names);
  }

  toro::TcpStream stream_;
  std::string received_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 80);
  long left = argc > 2 ? std::atol(argv[2]) : -1;
  if (const auto made = toro::make_directory(kFolder); !made && made.error() != toro::FileError::exists) {
    std::fprintf(stderr, "upload-files: /uploads: %s\n", describe(made.error()).data());
    return 1;
  }
  auto listener = toro::TcpListener::listen({{}, port});
  if (!listener) {
    std::fprintf(stderr, "upload-files: port %u: %s\n", port, describe(listener.error()).data());
    return 1;
  }
  std::printf("uploads at port %u\n", port);
  std::fflush(stdout);
  std::vector<toro::Thread<void>> last;  // joined at the end
  for (; left != 0; left -= left > 0 ? 1 : 0) {
    auto stream = listener->accept();
    if (!stream) continue;
    auto thread =
        toro::thread::create({.name = "client"}, [client = Client(std::move(*stream))]() mutable { client.serve(); });
    if (left > 0)
      last.push_back(std::move(thread));
    else
      thread.detach();
  }
}
