// Greets whoever connects, by event handlers: network-hello [PORT [COUNT]]. First it greets itself, to show them all.
// Ends after COUNT more connections.
#include <cstdio>
#include <cstdlib>

#include <toro/service.hpp>

namespace {

/// The server's end: one object for each connection.
struct Greeter : toro::Connection {
  void on_accept() override {
    std::printf("accept: somebody is there\n");
    set_timeout(std::chrono::seconds(60));
    send("Hello from Toro\r\n");
  }
  void on_receive(std::string_view bytes) override { std::printf("receive: %zu bytes\n", bytes.size()); }
  void on_timeout() override {
    std::printf("timeout: nothing came for a minute\n");
    close();
  }
  void on_close() override { std::printf("close: the other side has gone\n"); }
};

/// The client's end.
struct Client : toro::Connection {
  void on_connect() override { std::printf("connect: it answers\n"); }
  void on_connect_failed(toro::SocketError error) override {
    std::printf("connect failed: %s\n", toro::describe(error).data());
  }
  void on_receive(std::string_view bytes) override {
    std::printf("greeted by \"%s\"\n", std::string(bytes.substr(0, bytes.find('\r'))).c_str());
    send("Hello to you");
    close();
  }
};

}  // namespace

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 80);
  const auto count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) + 1 : toro::Service::kUnlimited;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  constexpr toro::Ipv4Address kThisMachine{{127, 0, 0, 1}};
  toro::Service service;
  service.connect({kThisMachine, 9}, std::make_unique<Client>());  // nobody listens there
  if (const auto listens = service.listen<Greeter>({{}, port}, count); !listens) {
    std::fprintf(stderr, "network-hello: port %u: %s\n", port, toro::describe(listens.error()).data());
    return 1;
  }
  std::printf("init: listening at port %u\n", port);
  service.connect({kThisMachine, port}, std::make_unique<Client>());
  service.run();
}
