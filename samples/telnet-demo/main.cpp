// A prompt for telnet: telnet-demo [PORT [COUNT]]. Ends after COUNT connections.
#include <cstdio>
#include <cstdlib>
#include <format>

#include <toro/board.hpp>
#include <toro/core.hpp>
#include <toro/lines.hpp>
#include <toro/service.hpp>

namespace {

constexpr std::size_t kMostLine = 1024;

/// What is typed, without what telnet says on its own: IAC, a command, and for some of them an option. [RFC 854]
class Typed {
 public:
  std::string take(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) {
      const auto code = static_cast<unsigned char>(byte);
      if (state_ == State::text && code == kInterpretAsCommand)
        state_ = State::command;
      else if (state_ == State::text)
        text += byte;
      else
        state_ = state_ == State::command && code >= kWill && code <= kDont ? State::option : State::text;
    }
    return text;
  }

 private:
  static constexpr unsigned char kInterpretAsCommand = 255;
  static constexpr unsigned char kWill = 251;
  static constexpr unsigned char kDont = 254;
  enum class State : unsigned char { text, command, option } state_ = State::text;
};

struct Session : toro::Connection {
  void on_accept() override {
    set_timeout(std::chrono::minutes(5));
    send("Toro. \"help\" says what there is.\r\n> ");
  }
  void on_receive(std::string_view bytes) override {
    line_ += typed_.take(bytes);
    while (const auto line = toro::take_line(line_)) {
      if (*line == "quit") {
        send("Good bye.\r\n");
        return close();
      }
      send(answer_to(*line) + "> ");
    }
    if (line_.size() > kMostLine) close();
  }

 private:
  std::string answer_to(std::string_view line) const {
    if (line.empty()) return "";
    if (line == "help") return "board, cores, uptime, who, quit\r\n";
    if (line == "board") return std::format("{}\r\n", &toro_board_name[0]);
    if (line == "cores") return std::format("{}\r\n", toro::cores());
    if (line == "uptime") {
      const auto uptime = std::chrono::steady_clock::now().time_since_epoch();
      return std::format("{} s\r\n", std::chrono::duration_cast<std::chrono::seconds>(uptime).count());
    }
    if (line == "who") {
      const auto there = remote().value_or(toro::Endpoint{});
      const auto& [a, b, c, d] = there.address.bytes;
      return std::format("{}.{}.{}.{} port {}\r\n", a, b, c, d, there.port);
    }
    return std::format("\"{}\" is not known; \"help\" says what there is.\r\n", line);
  }

  Typed typed_;
  std::string line_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 23);
  const auto count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : toro::Service::kUnlimited;
  toro::Service service;
  if (const auto listens = service.listen<Session>({{}, port}, count); !listens) {
    std::fprintf(stderr, "telnet-demo: port %u: %s\n", port, toro::describe(listens.error()).data());
    return 1;
  }
  std::printf("telnet at port %u\n", port);
  std::fflush(stdout);
  service.run();
}
