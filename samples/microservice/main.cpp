// A service over HTTP that answers in JSON, without a thread for each connection: microservice [PORT [COUNT]].
// Ends after COUNT connections.
#include <cstdio>
#include <cstdlib>
#include <format>

#include <toro/core.hpp>
#include <toro/http.hpp>
#include <toro/service.hpp>

namespace {

unsigned long answered = 0;  // one thread calls all handlers

struct Client : toro::Connection {
  void on_accept() override { set_timeout(std::chrono::seconds(30)); }
  void on_receive(std::string_view bytes) override {
    received_ += bytes;
    while (const auto head = toro::http::take_head(received_)) {
      const auto request = toro::http::parse(*head);
      send(answer_to(request));
      if (!request || !request->keeps_alive) return close();
    }
    if (received_.size() > toro::http::kMostHead) close();
  }

 private:
  static std::string answer_to(const std::optional<toro::http::Request>& request) {
    constexpr std::string_view kType = "application/json";
    if (!request) return toro::http::answer({}, "400 Bad Request", kType, R"({"error": "no request"})");
    if (request->path != "/")
      return toro::http::answer(*request, "404 Not Found", kType, R"({"error": "no such path"})");
    return toro::http::answer(*request, "200 OK", kType,
                              std::format(R"({{"core": {}, "answers": {}}})", toro::this_core(), ++answered));
  }

  std::string received_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8080);
  const auto count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : toro::Service::kUnlimited;
  toro::Service service;
  if (const auto listens = service.listen<Client>({{}, port}, count); !listens) {
    std::fprintf(stderr, "microservice: port %u: %s\n", port, toro::describe(listens.error()).data());
    return 1;
  }
  std::printf("serving at port %u\n", port);
  std::fflush(stdout);
  service.run();
}
