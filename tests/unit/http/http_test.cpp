// Heads of requests as clients, good and bad ones, send them.
#include <doctest/doctest.h>

#include <toro/http.hpp>

#include <string_view>

namespace toro::http {
namespace {

TEST_CASE("a request has a method, a path and fields") {
  const auto request = parse("POST /a%20b?x=1 HTTP/1.1\r\nHost: here\r\ncontent-length:  12 \r\nX-Own: a: b");
  REQUIRE(request.has_value());
  CHECK_EQ(request->method, "POST");
  CHECK_EQ(request->path, "/a b");
  CHECK(request->keeps_alive);
  CHECK_EQ(request->content_length, 12);
  CHECK_EQ(request->field("x-own"), "a: b");
  CHECK_EQ(request->field("nothing"), "");
  CHECK_FALSE(parse("GET / HTTP/1.0")->keeps_alive);
  CHECK(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive")->keeps_alive);
  CHECK_FALSE(parse("GET / HTTP/1.1\r\nConnection: close")->keeps_alive);
}

TEST_CASE("what makes no sense is no request") {
  for (const char* head :
       {"", "GET", "GET /", "GET / HTTP/2", "GET x HTTP/1.1", "GET /../etc HTTP/1.1", "GET /a/%2e%2e HTTP/1.1",
        "GET /%0 HTTP/1.1", "GET /%00 HTTP/1.1", "GET /%zz HTTP/1.1", "PUT / HTTP/1.1\r\nContent-Length: -1",
        "PUT / HTTP/1.1\r\nContent-Length: 99999999999999999999", "PUT / HTTP/1.1\r\nContent-Length : 5",
        "PUT / HTTP/1.1\r\nContent-Length: 5\r\ncontent-length: 6", "PUT / HTTP/1.1\r\n Content-Length: 5",
        "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked", "PUT / HTTP/1.1\r\n: 5"})
    CHECK_FALSE(parse(head).has_value());
  using namespace std::string_view_literals;
  CHECK_FALSE(parse("GET /..\0 HTTP/1.1"sv).has_value());  // the root's parent, for who takes it as a C string
}

TEST_CASE("one range of bytes is understood") {
  const auto range_of = [](std::string value) { return parse("GET / HTTP/1.1\r\nRange: " + value)->range; };
  CHECK_EQ(range_of("bytes=2-5")->last, 5);
  CHECK_FALSE(range_of("bytes=-8")->first.has_value());
  CHECK_FALSE(range_of("bytes=3-")->last.has_value());
  for (const char* other : {"bytes=-", "bytes=5-2", "bytes=1-2,4-5", "lines=1-2", "bytes=a-b"})
    CHECK_FALSE(range_of(other).has_value());
}

TEST_CASE("heads are taken one after another, when they are whole") {
  std::string received = "GET / HTTP/1.1\r\n\r";
  CHECK_FALSE(take_head(received).has_value());
  received += "\nbody";
  CHECK_EQ(take_head(received), "GET / HTTP/1.1");
  CHECK_EQ(received, "body");
}

TEST_CASE("an answer says how long it is, and whether more may follow") {
  CHECK_EQ(answer({}, "404 Not Found", "text/plain", "no\n"),
           "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nno\n");
  CHECK_EQ(answer({.method = {}, .path = {}, .keeps_alive = true}, "200 OK", "text/plain", ""),
           "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Type: text/plain\r\nConnection: keep-alive\r\n\r\n");
}

}  // namespace
}  // namespace toro::http
