// Sends every message of a WebSocket back: web-socket-server [PORT [COUNT]]. Ends after COUNT connections. What begins
// as HTTP is answered so by a page that tries it. [RFC 6455]
#include <cstdio>
#include <cstdlib>
#include <format>
#include <optional>

#include <toro/http.hpp>
#include <toro/service.hpp>

#include "handshake.hpp"

namespace {

constexpr std::size_t kMostMessage = 1 << 20;

constexpr std::string_view kPage =
    R"(<!doctype html><title>Toro</title><input id=text autofocus><ol id=back></ol><script>
const socket = new WebSocket("ws://" + location.host);
text.onchange = () => { socket.send(text.value); text.value = ""; };
socket.onmessage = ({data}) => back.append(Object.assign(document.createElement("li"), {textContent: data}));
</script>
)";

enum Opcode : unsigned { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };
enum CloseCode : unsigned { kProtocolError = 1002, kTooBig = 1009 };

struct Frame {
  unsigned opcode;
  bool is_last;
  std::string payload;
};

/// Of the server: whole, and not masked. [RFC 6455 5.2]
std::string frame_of(unsigned opcode, std::string_view payload) {
  std::string frame(1, static_cast<char>(0x80 | opcode));
  const std::size_t size = payload.size();
  const int bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  frame += static_cast<char>(bytes == 0 ? size : bytes == 2 ? 126 : 127);
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) frame += static_cast<char>(size >> shift);
  return frame.append(payload);
}

class Client final : public toro::Connection {
  void on_receive(std::string_view bytes) override {
    received_ += bytes;
    if (!is_open_ && !shake_hands()) return;
    while (const auto frame = take_frame()) take(*frame);
  }

  /// False while there is nothing more to be done.
  bool shake_hands() {
    const auto head = toro::http::take_head(received_);
    if (!head) {
      if (received_.size() > toro::http::kMostHead) close();
      return false;
    }
    const auto request = toro::http::parse(*head).value_or(toro::http::Request{});
    const std::string_view key = request.field("Sec-WebSocket-Key");
    if (key.empty()) {
      send(toro::http::answer({}, "200 OK", "text/html", kPage));
      close();
      return false;
    }
    send(
        std::format("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Accept: {}\r\n\r\n",
                    accept_key(key)));
    is_open_ = true;
    return true;
  }

  /// Nothing while it is not whole, and once the connection is closed.
  std::optional<Frame> take_frame() {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(received_[at]); };
    if (has_ended_ || received_.size() < 2) return std::nullopt;
    const unsigned code = byte(1) & 0x7f;
    const std::size_t extra = code < 126 ? 0 : code == 126 ? 2 : 8;
    std::size_t at = 2 + extra;
    if (received_.size() < at + 4) return std::nullopt;
    std::size_t size = extra == 0 ? code : 0;
    for (std::size_t i = 0; i < extra; ++i) size = size << 8 | byte(2 + i);
    if ((byte(1) & 0x80) == 0 || (byte(0) & 0x70) != 0) return fail(kProtocolError);  // every client masks
    if (size > kMostMessage) return fail(kTooBig);
    const std::size_t mask = at;
    at += 4;
    if (received_.size() - at < size) return std::nullopt;
    Frame frame{byte(0) & 0xfU, (byte(0) & 0x80) != 0, received_.substr(at, size)};
    for (std::size_t i = 0; i < size; ++i) frame.payload[i] = static_cast<char>(frame.payload[i] ^ byte(mask + i % 4));
    received_.erase(0, at + size);
    return frame;
  }

  void take(const Frame& frame) {
    if (frame.opcode >= kClose && (!frame.is_last || frame.payload.size() > 125)) {
      fail(kProtocolError);
    } else if (frame.opcode == kPing) {
      send(frame_of(kPong, frame.payload));
    } else if (frame.opcode == kClose) {
      end(frame.payload);
    } else if (frame.opcode <= kBinary && (frame.opcode == kContinuation) == is_within_message_) {
      if (!is_within_message_) opcode_ = frame.opcode;
      message_ += frame.payload;
      is_within_message_ = !frame.is_last;
      if (message_.size() > kMostMessage) {
        fail(kTooBig);
      } else if (frame.is_last) {
        send(frame_of(opcode_, message_));
        message_.clear();
      }
    } else if (frame.opcode != kPong) {
      fail(kProtocolError);
    }
  }

  std::nullopt_t fail(unsigned code) {
    end(std::string{static_cast<char>(code >> 8), static_cast<char>(code)});
    return std::nullopt;
  }
  void end(std::string_view reason) {
    send(frame_of(kClose, reason));
    has_ended_ = true;
    close();
  }

  std::string received_;
  std::string message_;  ///< of several frames, so far
  unsigned opcode_ = kText;
  bool is_within_message_ = false;
  bool is_open_ = false;
  bool has_ended_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8080);
  const auto count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : toro::Service::kUnlimited;
  toro::Service service;
  if (const auto listens = service.listen<Client>({{}, port}, count); !listens) {
    std::fprintf(stderr, "web-socket-server: port %u: %s\n", port, toro::describe(listens.error()).data());
    return 1;
  }
  std::printf("web sockets at port %u\n", port);
  std::fflush(stdout);
  service.run();
}
