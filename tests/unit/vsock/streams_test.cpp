// Streams with a host that plays by the rules, one that is slow, and one that does not.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "tests/unit/vsock/fake_link.hpp"

using namespace toro::vsock;
using namespace toro::vsock::test;
using Op = VsockOperation;
using Take = Connection::Take;
using toro::inet::failure;
using toro::virtio::kVsockNoReceive;
using toro::virtio::kVsockNoSend;

namespace {

constexpr std::uint32_t kBoth = kVsockNoReceive | kVsockNoSend;

std::string read(Connection& connection, std::size_t most = 4096) {
  std::string text(most, '\0');
  const auto count = connection.receive(std::as_writable_bytes(std::span(text)), Take::away);
  text.resize(count.value_or(0));
  return text;
}

}  // namespace

TEST_CASE("vsock: a client connects, both sides talk, and it closes") {
  World world;
  Connection& connection = **world.streams.connect(5000, {kHost, 80}, &world.observer, toro::inet::kSecond);
  CHECK(connection.is_connecting());
  CHECK(connection.send(bytes_of("x")).error() == Error::not_connected);
  const Sent request = world.next();
  CHECK(request.header.operation == Op::request);
  CHECK(request.header.source_cid == kGuest);
  CHECK(request.header.destination_cid == kHost);
  CHECK(request.header.source_port == 5000);
  CHECK(request.header.destination_port == 80);
  CHECK(request.header.buffer_space == Connection::kFirstSpace);
  world.host(Op::response, 80, 5000);
  CHECK(connection.is_established());
  CHECK(world.observer.changes > 0);

  CHECK(connection.send(bytes_of("hello")) == 5);
  const Sent data = world.next();
  CHECK(data.header.operation == Op::data);
  CHECK(std::ranges::equal(data.payload, bytes_of("hello")));
  CHECK(connection.receive({}, Take::away).error() == Error::again);
  world.host(Op::data, 80, 5000, bytes_of("world"));
  CHECK(connection.readable_bytes() == 5);
  CHECK(read(connection) == "world");

  connection.close();
  CHECK(world.streams.still_delivers());
  const Sent shutdown = world.next();
  CHECK(shutdown.header.operation == Op::shutdown);
  CHECK(shutdown.header.flags == kBoth);
  world.host(Op::reset, 80, 5000);
  CHECK_FALSE(world.streams.still_delivers());
  CHECK(world.streams.connection_count() == 0);
  CHECK(world.streams.memory_left() == 1 << 20);
}

TEST_CASE("vsock: what a client is told when it cannot connect") {
  World world;
  CHECK(world.streams.connect(5000, {9, 80}, nullptr, 1).error() == Error::network_unreachable);
  Connection& connection = **world.streams.connect(5000, {kHost, 80}, &world.observer, toro::inet::kSecond);
  CHECK(world.next_operation() == Op::request);
  CHECK(world.streams.connect(5000, {kHost, 80}, nullptr, 1).error() == Error::address_in_use);
  SUBCASE("nobody listens") {
    world.host(Op::reset, 80, 5000);
    CHECK(connection.take_error() == Error::connection_reset);
  }
  SUBCASE("nobody answers") {
    world.link.time = world.streams.next_deadline();
    world.streams.run_timers();
    CHECK(connection.take_error() == Error::timed_out);
    world.host(Op::response, 80, 5000);  // too late
    CHECK(world.next_operation() == Op::reset);
  }
  SUBCASE("the answer makes no sense") {
    world.host(Op::data, 80, 5000, bytes_of("x"));
    CHECK(world.next_operation() == Op::reset);
    CHECK(connection.take_error() == Error::connection_reset);
  }
  CHECK_FALSE(connection.is_established());
  CHECK_FALSE(connection.has_error());
  CHECK(connection.send(bytes_of("x")).error() == Error::broken_pipe);
  connection.close();
  CHECK(world.streams.connection_count() == 0);
}

TEST_CASE("vsock: a server takes connections in, as many as wait at most") {
  World world;
  Port* const port = world.streams.bind(80, &world.observer).value();
  CHECK(world.streams.bind(80, nullptr).error() == Error::address_in_use);
  world.host(Op::request, 1, 80);
  CHECK(world.next_operation() == Op::reset);  // bound alone
  port->listen(2);
  CHECK(port->accept().error() == Error::again);
  for (std::uint32_t from : {1U, 2U, 3U}) world.host(Op::request, from, 80);
  CHECK(world.observer.changes == 2);
  CHECK(world.next_operation() == Op::response);
  CHECK(world.next_operation() == Op::response);
  CHECK(world.next_operation() == Op::reset);  // the third
  Connection& first = **port->accept();
  CHECK(first.remote() == Address{kHost, 1});
  CHECK(first.local_port() == 80);
  world.host(Op::data, 1, 80, bytes_of("ask"));
  CHECK(read(first) == "ask");
  CHECK(first.send(bytes_of("answer")) == 6);
  CHECK(world.next_operation() == Op::data);
  first.abort();
  CHECK(world.next_operation() == Op::reset);
  toro::inet::dispose(port);
  CHECK(world.next_operation() == Op::reset);  // whom nobody accepted
  CHECK(world.streams.connection_count() == 0);
}

TEST_CASE("vsock: who sends and goes before it is accepted is heard") {
  World world;
  Port* const port = world.streams.bind(80, &world.observer).value();
  port->listen(2);
  world.host(Op::request, 1, 80);
  world.host(Op::data, 1, 80, bytes_of("last words"));
  world.host(Op::shutdown, 1, 80, {}, [](VsockHeader& header) { header.flags = kBoth; });
  Connection& connection = **port->accept();
  CHECK(read(connection) == "last words");
  CHECK(connection.receive({}, Take::away) == 0);
  connection.close();
  world.host(Op::request, 2, 80);
  world.host(Op::reset, 2, 80);
  CHECK(port->accept().error() == Error::again);
  toro::inet::dispose(port);
}

TEST_CASE("vsock: ports that nobody asked for by number differ") {
  World world;
  Port* const a = world.streams.bind(kAnyPort, nullptr).value();
  Port* const b = world.streams.bind(kAnyPort, nullptr).value();
  CHECK(a->number() != b->number());
  CHECK(a->number() >= 1024);
  toro::inet::dispose(a);
  toro::inet::dispose(b);
}

TEST_CASE("vsock: it sends no more than the host has room for, and asks once") {
  World world;
  Connection& connection = world.connected();
  const auto credit = [&](std::uint32_t space, std::uint32_t taken) {
    world.host(Op::credit_update, 80, 5000, {}, [&](VsockHeader& header) {
      header.buffer_space = space;
      header.forwarded = taken;
    });
  };
  credit(10, 0);
  CHECK(connection.send(bytes_of("0123456789abcdef")) == 10);
  CHECK(world.next().payload.size() == 10);
  world.observer.changes = 0;
  CHECK(connection.send(bytes_of("abcdef")).error() == Error::again);
  CHECK_FALSE(connection.is_writable());
  CHECK(world.next_operation() == Op::credit_request);
  CHECK(connection.send(bytes_of("abcdef")).error() == Error::again);
  CHECK(world.link.sent.empty());
  credit(10, 4);
  CHECK(world.observer.changes == 1);
  CHECK(connection.is_writable());
  CHECK(connection.send(bytes_of("abcdef")) == 4);
  SUBCASE("the room shrinks") {
    credit(2, 5);
    CHECK(connection.send(bytes_of("f")).error() == Error::again);
    connection.abort();
  }
  SUBCASE("it took what was never sent") {
    credit(100, 15);
    CHECK(connection.take_error() == Error::connection_reset);
    connection.close();
  }
  SUBCASE("it takes back what it took") {
    credit(100, 3);
    CHECK(connection.take_error() == Error::connection_reset);
    connection.close();
  }
}

TEST_CASE("vsock: a link without room is waited for, and what is no data goes first") {
  World world;
  Connection& connection = world.connected();
  world.link.most = 4;
  const std::vector<std::byte> much(10 * Streams::kMostPayload);
  CHECK(connection.send(much) == 2 * Streams::kMostPayload);
  CHECK(connection.send(much).error() == Error::again);
  CHECK(world.streams.wants_room());
  world.host(Op::credit_request, 80, 5000);
  CHECK(world.link.sent.back().header.operation == Op::credit_update);
  world.observer.changes = 0;
  world.link.sent.clear();
  world.streams.pump();
  CHECK(world.observer.changes == 1);
  CHECK_FALSE(world.streams.wants_room());
  CHECK(connection.send(much) == 2 * Streams::kMostPayload);
  connection.abort();
}

TEST_CASE("vsock: the host is told of room when half of it is free; who reads fast gets more") {
  World world;
  Connection& connection = world.connected();
  const std::vector<std::byte> half(Connection::kFirstSpace / 2);
  world.host(Op::data, 80, 5000, half);
  world.host(Op::data, 80, 5000, half);
  CHECK(world.link.sent.empty());
  CHECK(read(connection, 100).size() == 100);
  CHECK(world.next().header.operation == Op::invalid);
  CHECK(read(connection, 1 << 20).size() == Connection::kFirstSpace - 100);
  const Sent told = world.next();
  CHECK(told.header.operation == Op::credit_update);
  CHECK(told.header.forwarded == Connection::kFirstSpace);
  CHECK(told.header.buffer_space == 2 * Connection::kFirstSpace);
  CHECK(world.streams.memory_left() == (1 << 20) - 2 * Connection::kFirstSpace);
  world.host(Op::data, 80, 5000, std::vector<std::byte>(2 * Connection::kFirstSpace));
  CHECK(connection.readable_bytes() == 2 * Connection::kFirstSpace);
  SUBCASE("a byte too many") {
    world.host(Op::data, 80, 5000, bytes_of("x"));
    CHECK(world.next_operation() == Op::reset);
    CHECK(read(connection, 1 << 20).size() == 2 * Connection::kFirstSpace);
    CHECK(connection.receive({}, Take::away).error() == Error::connection_reset);
  }
  connection.close();
  CHECK(world.streams.connection_count() <= 1);
}

TEST_CASE("vsock: there is no more memory for connections than there is") {
  World world(3 * Connection::kFirstSpace);
  Port* const port = world.streams.bind(80, nullptr).value();
  port->listen(100);
  for (std::uint32_t from = 0; from < 5; ++from) world.host(Op::request, from, 80);
  CHECK(world.streams.connection_count() == 3);
  CHECK(world.streams.connect(5000, {kHost, 1}, nullptr, 1).error() == Error::no_buffers);
  toro::inet::dispose(port);
  world.streams.pump();
  CHECK(world.streams.memory_left() == 3 * Connection::kFirstSpace);
}

TEST_CASE("vsock: each direction ends by itself") {
  World world;
  Connection& connection = world.connected();
  SUBCASE("this side sends no more") {
    connection.shutdown_sending();
    CHECK(world.next().header.flags == kVsockNoSend);
    CHECK(connection.send(bytes_of("x")).error() == Error::broken_pipe);
    world.host(Op::data, 80, 5000, bytes_of("still"));
    CHECK(read(connection) == "still");
    world.host(Op::shutdown, 80, 5000, {}, [](VsockHeader& header) { header.flags = kBoth; });
    CHECK(world.next_operation() == Op::reset);
    CHECK(connection.receive({}, Take::away) == 0);
    CHECK_FALSE(connection.has_error());
  }
  SUBCASE("the host sends no more") {
    world.host(Op::data, 80, 5000, bytes_of("last"));
    world.host(Op::shutdown, 80, 5000, {}, [](VsockHeader& header) { header.flags = kVsockNoSend; });
    CHECK(read(connection) == "last");
    CHECK(connection.receive({}, Take::away) == 0);
    CHECK(connection.send(bytes_of("x")) == 1);
    CHECK(world.next_operation() == Op::data);
    world.host(Op::data, 80, 5000, bytes_of("after all"));
    CHECK(world.next_operation() == Op::reset);
  }
  SUBCASE("the host receives no more") {
    world.host(Op::shutdown, 80, 5000, {}, [](VsockHeader& header) { header.flags = kVsockNoReceive; });
    CHECK(connection.send(bytes_of("x")).error() == Error::broken_pipe);
    world.host(Op::data, 80, 5000, bytes_of("still"));
    CHECK(read(connection) == "still");
  }
  SUBCASE("this side wants neither, and is answered") {
    connection.shutdown_receiving();
    connection.shutdown_sending();
    CHECK(world.next().header.flags == kBoth);
    world.host(Op::data, 80, 5000, bytes_of("on its way"));
    world.host(Op::reset, 80, 5000);
    CHECK(connection.receive({}, Take::away) == 0);
    CHECK_FALSE(connection.has_error());
  }
  SUBCASE("the host breaks off") {
    world.host(Op::data, 80, 5000, bytes_of("last"));
    world.host(Op::reset, 80, 5000);
    CHECK(read(connection) == "last");
    CHECK(connection.receive({}, Take::away).error() == Error::connection_reset);
    CHECK(connection.receive({}, Take::away) == 0);
  }
  connection.close();
}

TEST_CASE("vsock: a host that does not answer a close is left") {
  World world;
  Connection& connection = world.connected();
  world.host(Op::data, 80, 5000, bytes_of("unread"));
  connection.close();
  CHECK(world.next_operation() == Op::shutdown);
  world.host(Op::data, 80, 5000, bytes_of("on its way"));
  SUBCASE("in the end") {
    world.link.time = world.streams.next_deadline();
    CHECK(world.link.time == Streams::kCloseTimeout);
    world.streams.run_timers();
  }
  SUBCASE("or closes at the same time") {
    world.host(Op::shutdown, 80, 5000, {}, [](VsockHeader& header) { header.flags = kBoth; });
  }
  CHECK(world.next_operation() == Op::reset);
  CHECK(world.streams.connection_count() == 0);
  CHECK_FALSE(world.streams.still_delivers());
}

TEST_CASE("vsock: what belongs to no connection is answered, once") {
  World world;
  const auto answered = [&](Op operation, auto change) {
    world.host(operation, 7, 8, {}, change);
    return world.next().header;
  };
  const auto as_is = [](VsockHeader&) {};
  for (const Op operation : {Op::invalid, Op::request, Op::response, Op::shutdown, Op::data, Op::credit_update,
                             Op::credit_request, static_cast<Op>(99)}) {
    const VsockHeader header = answered(operation, as_is);
    CHECK(header.operation == Op::reset);
    CHECK(header.source_port == 8);
    CHECK(header.destination_port == 7);
  }
  CHECK(answered(Op::reset, as_is).operation == Op::invalid);
  const auto of_type = [](VsockHeader& header) { header.type = static_cast<toro::virtio::VsockType>(2); };
  CHECK(answered(Op::request, of_type).operation == Op::reset);
  CHECK(answered(Op::request, [](VsockHeader& header) { header.destination_cid = 4; }).operation == Op::invalid);
  CHECK(answered(Op::request, [](VsockHeader& header) { header.source_cid = 4; }).operation == Op::invalid);
  CHECK(answered(Op::request, [](VsockHeader& header) { header.source_cid |= std::uint64_t{1} << 32; }).operation ==
        Op::invalid);
}

TEST_CASE("vsock: when the transport is reset all connections end, and ports stay") {
  World world;
  Port* const port = world.streams.bind(80, nullptr).value();
  port->listen(5);
  world.host(Op::request, 1, 80);
  CHECK(world.next_operation() == Op::response);
  Connection& open = world.connected();
  Connection& closing = world.connected(5001);
  closing.close();
  world.streams.reset();
  CHECK(open.take_error() == Error::connection_reset);
  CHECK(world.streams.connection_count() == 0);
  CHECK_FALSE(world.streams.still_delivers());
  CHECK(port->accept().error() == Error::again);
  world.link.sent.clear();
  world.host(Op::request, 2, 80);
  CHECK(world.next_operation() == Op::response);
  open.close();
  toro::inet::dispose(port);
}
