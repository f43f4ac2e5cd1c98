// A hash table for everybody, by datagrams: "NUMBER put KEY VALUE" and "NUMBER get KEY" are answered by "NUMBER VALUE",
// or "NUMBER none".
//   hash-table-server serve PORT [COUNT]            ends after COUNT datagrams
//   hash-table-server ask ADDRESS PORT WORD...      sends one request
//   hash-table-server test                          server and client in one: puts a thousand keys and gets them again
#include <array>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <toro/thread.hpp>
#include <toro/udp.hpp>

#include "table.hpp"

namespace {

using namespace std::chrono_literals;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

std::string answer_to(Table& table, std::string_view request) {
  const std::string number(take_word(request));
  const std::string_view command = take_word(request);
  const std::string key(take_word(request));
  if (command == "put") {
    table.put(key, std::string(request));
    return number + " " + std::string(request);
  }
  if (command == "get") return number + " " + table.get(key).value_or("none");
  return number + " error: put KEY VALUE or get KEY was expected";
}

void serve(toro::UdpSocket& socket, unsigned long count) {
  Table table;
  for (std::array<char, 2048> request; count != 0; count -= count != ULONG_MAX ? 1 : 0) {
    const auto received = socket.receive(std::as_writable_bytes(std::span(request)));
    if (!received) continue;
    const std::string_view text(request.data(), std::min(received->size, request.size()));
    static_cast<void>(socket.send_to(received->from, bytes_of(answer_to(table, text))));
  }
  std::printf("%zu keys\n", table.size());
}

/// Datagrams get lost: what is not answered is asked again, and its number tells an answer from a late one.
class Client {
 public:
  Client(toro::UdpSocket socket, toro::Endpoint server) : socket_(std::move(socket)), server_(server) {
    socket_.set_timeout(1s);
  }

  std::string ask(const std::string& request) {
    const std::string number = std::to_string(++requests_) + " ";
    std::array<char, 2048> bytes;
    for (int tries = 0; tries < 5; ++tries) {
      if (!socket_.send_to(server_, bytes_of(number + request))) break;
      while (const auto received = socket_.receive(std::as_writable_bytes(std::span(bytes)))) {
        const std::string_view answer(bytes.data(), std::min(received->size, bytes.size()));
        if (answer.starts_with(number)) return std::string(answer.substr(number.size()));
      }
    }
    return "error: no answer";
  }

 private:
  toro::UdpSocket socket_;
  toro::Endpoint server_;
  unsigned requests_ = 0;
};

int test() {
  constexpr unsigned kKeys = 1000;
  constexpr toro::Endpoint kHere{{{127, 0, 0, 1}}, 0};
  auto server = toro::UdpSocket::bind(kHere);
  auto socket = toro::UdpSocket::bind(kHere);
  if (!server || !socket) return 1;
  Client client(std::move(*socket), server->local());
  auto thread = toro::thread::create({.name = "server"}, [&] { serve(*server, 2UL * kKeys); });
  unsigned right = 0;
  for (unsigned i = 0; i < kKeys; ++i) client.ask("put key" + std::to_string(i) + " " + std::to_string(i * i));
  for (unsigned i = 0; i < kKeys; ++i)
    right += client.ask("get key" + std::to_string(i)) == std::to_string(i * i) ? 1 : 0;
  thread.join();
  std::printf("%u of %u values are right\n", right, kKeys);
  return right == kKeys ? 0 : 1;
}

int use() {
  std::fprintf(stderr, "hash-table-server: serve PORT [COUNT], ask ADDRESS PORT WORD... or test was expected\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "test") return test();
  if (argc < 3) return use();
  const bool serves = mode == "serve";
  if (!serves && (mode != "ask" || argc < 5)) return use();
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[serves ? 2 : 3]));
  auto socket = toro::UdpSocket::bind({{}, serves ? port : std::uint16_t{0}});
  if (!socket) {
    std::fprintf(stderr, "hash-table-server: port %u: %s\n", port, toro::describe(socket.error()).data());
    return 1;
  }
  if (serves) {
    std::printf("table at UDP port %u, on %u cores\n", port, toro::cores());
    std::fflush(stdout);
    serve(*socket, argc > 3 ? std::strtoul(argv[3], nullptr, 10) : ULONG_MAX);
    return 0;
  }
  const auto address = toro::Ipv4Address::parse(argv[2]);
  if (!address) return use();
  std::string request = argv[4];
  for (int i = 5; i < argc; ++i) request += std::string(" ") + argv[i];
  std::printf("%s\n", Client(std::move(*socket), {*address, port}).ask(request).c_str());
}
