// Toro's own sockets, and services.
#include <doctest/doctest.h>

#include <toro/core.hpp>
#include <toro/ping.hpp>
#include <toro/service.hpp>
#include <toro/sync.hpp>
#include <toro/tcp.hpp>
#include <toro/thread.hpp>
#include <toro/udp.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using toro::SocketError;
using Clock = std::chrono::steady_clock;

constexpr toro::Ipv4Address kThisMachine{{127, 0, 0, 1}};

toro::TcpListener listen() {
  auto listener = toro::TcpListener::listen({kThisMachine, 0});
  REQUIRE(listener.has_value());
  return std::move(*listener);
}
toro::TcpStream connect(toro::Endpoint to) {
  auto stream = toro::TcpStream::connect(to, 10s);
  REQUIRE(stream.has_value());
  return std::move(*stream);
}
/// Calls `take(bytes)` until the other side has said that it is the end.
template <class F>
void receive_each(toro::TcpStream& stream, F take) {
  std::array<char, 1000> part;
  for (;;) {
    const auto size = stream.receive(std::as_writable_bytes(std::span(part)));
    REQUIRE(size.has_value());
    if (*size == 0) return;
    take(std::string_view(part.data(), *size));
  }
}
std::string receive_all(toro::TcpStream& stream) {
  std::string all;
  receive_each(stream, [&](std::string_view part) { all += part; });
  return all;
}
std::string text_of(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 253);
  return text;
}

TEST_CASE("addresses are read as people write them") {
  CHECK_EQ(toro::Ipv4Address::parse("10.0.2.15"), toro::Ipv4Address{{10, 0, 2, 15}});
  for (const char* wrong : {"", "10.0.2", "10.0.2.256", "10.0.2.15 ", "a.b.c.d"})
    CHECK_FALSE(toro::Ipv4Address::parse(wrong).has_value());
}

TEST_CASE("streams carry bytes from every core to every core") {
  const std::string sent = text_of(300'000);
  for (std::uint32_t core = 0; core < toro::cores(); ++core) {
    toro::TcpListener listener = listen();
    auto server = toro::thread::create({.core = core, .name = "server"}, [&] {
      auto stream = listener.accept();
      REQUIRE(stream.has_value());
      const std::string all = receive_all(*stream);
      CHECK_EQ(stream->send(all), all.size());
    });
    toro::TcpStream client = connect(listener.local());
    CHECK_EQ(client.remote(), listener.local());
    client.set_no_delay();
    CHECK_EQ(client.send(sent), sent.size());
    CHECK(client.shutdown_sending().has_value());
    CHECK_EQ(client.send("more"), std::unexpected(SocketError::broken_pipe));
    CHECK(receive_all(client) == sent);
    server.join();
  }
}

TEST_CASE("what does not happen in time is an error") {
  toro::TcpListener listener = listen();
  listener.set_timeout(10ms);
  auto began = Clock::now();
  CHECK_EQ(listener.accept().error(), SocketError::again);
  CHECK_GE(Clock::now() - began, 10ms);
  toro::TcpStream client = connect(listener.local());
  client.set_receive_timeout(10ms);
  began = Clock::now();
  std::array<std::byte, 8> bytes;
  CHECK_EQ(client.receive(bytes).error(), SocketError::again);
  CHECK_GE(Clock::now() - began, 10ms);
  CHECK_EQ(toro::TcpStream::connect({kThisMachine, 9}).error(), SocketError::connection_refused);
  CHECK_EQ(toro::TcpListener::listen(listener.local()).error(), SocketError::address_in_use);
  CHECK_EQ(toro::TcpListener::listen({{{192, 0, 2, 1}}, 80}).error(), SocketError::address_not_available);
  CHECK_EQ(toro::describe(SocketError::connection_refused), "connection refused");
}

TEST_CASE("a connection that is dropped unread is reset") {
  toro::TcpListener listener = listen();
  toro::TcpStream client = connect(listener.local());
  CHECK_EQ(client.send("unread"), 6);
  {
    auto accepted = listener.accept();
    REQUIRE(accepted.has_value());
    std::array<std::byte, 1> one;
    CHECK_EQ(accepted->receive(one), 1);
  }
  std::array<std::byte, 8> bytes;
  CHECK_EQ(client.receive(bytes).error(), SocketError::connection_reset);
}

TEST_CASE("datagrams arrive whole, from whom they came") {
  auto server = toro::UdpSocket::bind({kThisMachine, 0});
  auto client = toro::UdpSocket::bind({kThisMachine, 0});
  REQUIRE((server && client));
  const std::string text = text_of(5000);
  CHECK(client->send_to(server->local(), std::as_bytes(std::span(text))).has_value());
  std::array<std::byte, 100> part;
  const auto received = server->receive(part);
  REQUIRE(received.has_value());
  CHECK_EQ(received->size, 5000);
  CHECK_EQ(received->from, client->local());
  CHECK_EQ(client->send(part).error(), SocketError::no_destination);
  CHECK(client->connect(server->local()).has_value());
  CHECK(client->send(part).has_value());
  CHECK_EQ(server->receive(part)->size, 100);
  server->set_timeout(10ms);
  CHECK_EQ(server->receive(part).error(), SocketError::again);
  const std::vector<std::byte> long_one(toro::UdpSocket::kMostPayload + 1);
  CHECK_EQ(client->send(long_one).error(), SocketError::message_size);
}

TEST_CASE("a thread that waits for a connection can be killed") {
  toro::TcpListener listener = listen();
  bool went_on = false;
  auto waiter = toro::thread::create({.core = toro::cores() - 1, .name = "waiter"}, [&] {
    static_cast<void>(listener.accept());
    went_on = true;
  });
  toro::this_thread::sleep_for(5ms);
  waiter.kill();
  waiter.join();
  CHECK_FALSE(went_on);
}

TEST_CASE("a machine that is there answers a ping, one that is not does not") {
  for (std::uint32_t core = 0; core < toro::cores(); ++core) {
    const auto trip = toro::thread::create({.core = core, .name = "pinger"}, [] {
                        return toro::ping(kThisMachine, 10s, 3000);
                      }).join();
    REQUIRE(trip.has_value());
    CHECK_GE(*trip, 0ns);
  }
  CHECK_EQ(toro::ping({{192, 0, 2, 1}}, 10ms).error(), SocketError::network_unreachable);
  CHECK_EQ(toro::ping(kThisMachine, 1s, 65508).error(), SocketError::message_size);
}

// Services: what happened, in order, is the test's log.
std::vector<std::string> happened;

struct Echo : toro::Connection {
  void on_accept() override { happened.emplace_back("accept"); }
  void on_receive(std::string_view bytes) override { send(bytes); }
  void on_close() override { happened.emplace_back("close"); }
};

TEST_CASE("a service echoes to many at once, and its clients are handlers too") {
  struct Client : toro::Connection {
    Client(std::string text, unsigned& left) : text_(std::move(text)), left_(left) {}
    void on_connect() override { send(text_); }
    void on_connect_failed(SocketError) override { FAIL("no connection"); }
    void on_receive(std::string_view bytes) override {
      back_ += bytes;
      if (back_.size() < text_.size()) return;
      CHECK(back_ == text_);
      close();
      if (--left_ == 0) service().stop();
    }
    std::string text_;
    std::string back_;
    unsigned& left_;
  };
  // Many of up to 57 KB, and one of more than all buffers together keep. An empty text is echoed by nobody.
  for (const auto& [clients, step] : {std::pair{20U, 3000U}, std::pair{2U, 1'500'000U}}) {
    happened.clear();
    toro::Service service;
    unsigned left = clients - 1;
    REQUIRE(service.listen<Echo>({kThisMachine, 7}).has_value());
    CHECK_EQ(service.listen<Echo>({kThisMachine, 7}).error(), SocketError::address_in_use);
    for (unsigned i = 0; i < clients; ++i)
      service.connect({kThisMachine, 7}, std::make_unique<Client>(text_of(i * step), left));
    service.run();
    CHECK_EQ(left, 0);
    CHECK_EQ(std::ranges::count(happened, "accept"), clients);
  }
}

TEST_CASE("a service says what became of a connection") {
  struct Late : toro::Connection {
    void on_connect() override { set_timeout(10ms); }
    void on_connect_failed(SocketError error) override { happened.emplace_back(toro::describe(error)); }
    void on_receive(std::string_view) override {}
    void on_timeout() override {
      happened.emplace_back("timeout");
      close();
    }
  };
  struct Host : Echo {
    void on_close() override {
      Echo::on_close();
      service().stop_listening();
    }
  };
  happened.clear();
  toro::Service service;
  service.connect({kThisMachine, 9}, std::make_unique<Late>());
  service.run();  // until nothing is left
  CHECK_EQ(happened, std::vector<std::string>{"connection refused"});
  REQUIRE(service.listen<Host>({kThisMachine, 8}).has_value());
  const auto began = Clock::now();
  service.connect({kThisMachine, 8}, std::make_unique<Late>());
  service.run();
  CHECK_GE(Clock::now() - began, 10ms);
  CHECK_EQ(happened, std::vector<std::string>{"connection refused", "accept", "timeout", "close"});
}

TEST_CASE("a service keeps little of what a slow client does not take") {
  struct Flood : toro::Connection {
    void on_receive(std::string_view bytes) override {
      received_ += bytes.size();
      send(std::string(100 * bytes.size(), 'x'));
      most_ = std::max(most_, pending());
    }
    void on_close() override {
      CHECK_LE(most_, kMostPending + 100 * 16384);
      service().stop_listening();
    }
    std::size_t received_ = 0;
    std::size_t most_ = 0;
  };
  toro::Service service;
  REQUIRE(service.listen<Flood>({kThisMachine, 6}).has_value());
  auto client = toro::thread::create({.core = toro::cores() - 1, .name = "client"}, [&] {
    toro::TcpStream stream = connect({kThisMachine, 6});
    const std::string text(60'000, 'a');
    CHECK_EQ(stream.send(text), text.size());
    CHECK(stream.shutdown_sending().has_value());
    std::size_t received = 0;
    receive_each(stream, [&](std::string_view part) { received += part.size(); });
    CHECK_EQ(received, 100 * text.size());
  });
  service.run();
  client.join();
}

TEST_CASE("a service runs on any core, and is killed like any thread") {
  for (std::uint32_t core = 0; core < toro::cores(); ++core) {
    toro::Event listens;
    auto thread = toro::thread::create({.core = core, .name = "service"}, [&] {
      toro::Service service;
      REQUIRE(service.listen<Echo>({kThisMachine, 4}).has_value());
      listens.set();
      service.run();
      FAIL("it is killed");
    });
    listens.wait();
    toro::TcpStream client = connect({kThisMachine, 4});
    const std::string text = text_of(100'000);
    auto reader = toro::thread::create({.name = "reader"}, [&] { return receive_all(client); });
    CHECK_EQ(client.send(text), text.size());
    CHECK(client.shutdown_sending().has_value());
    CHECK(reader.join() == text);
    thread.kill();
    thread.join();
  }
}

TEST_CASE("what a handler throws arrives at who runs the service") {
  struct Thrower : toro::Connection {
    void on_accept() override { throw std::string("thrown"); }
    void on_receive(std::string_view) override {}
  };
  toro::Service service;
  REQUIRE(service.listen<Thrower>({kThisMachine, 5}).has_value());
  service.connect({kThisMachine, 5}, std::make_unique<Echo>());
  CHECK_THROWS_AS(service.run(), std::string);
}

}  // namespace
