// Answers ARP and ICMP echo requests for one IPv4 address: packet-echo ADDRESS [PEER [SECONDS]]. Asks first for PEER,
// and pings it once. Ends when nothing has come for SECONDS.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <format>
#include <optional>
#include <string>
#include <thread>

#include <toro/network_device.hpp>

#include "wire.hpp"

namespace {

using wire::Arp;
using wire::Ethernet;
using wire::IcmpEcho;
using wire::Ipv4;
using wire::Ipv4Address;

constexpr toro::MacAddress kEverybody{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

std::string text(const Ipv4Address& a) {
  return std::format("{}.{}.{}.{}", a[0], a[1], a[2], a[3]);
}
std::string text(const toro::MacAddress& mac) {
  const auto& b = mac.bytes;
  return std::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", b[0], b[1], b[2], b[3], b[4], b[5]);
}
void say(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

std::optional<Ipv4Address> parse(const char* word) {
  unsigned a, b, c, d;
  char rest;
  if (std::sscanf(word, "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &rest) != 4 || (a | b | c | d) > 255) return std::nullopt;
  return Ipv4Address{static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b), static_cast<std::uint8_t>(c),
                     static_cast<std::uint8_t>(d)};
}

/// The T at `offset` of a frame; null where it does not reach so far. All of them are made of bytes.
template <class T>
T* at(std::span<std::byte> frame, std::size_t offset) {
  static_assert(alignof(T) == 1);
  return offset <= frame.size() && frame.size() - offset >= sizeof(T) ? reinterpret_cast<T*>(frame.data() + offset)
                                                                      : nullptr;
}

class Echo {
 public:
  Echo(toro::NetworkDevice& device, Ipv4Address address) : device_(device), address_(address) {}

  /// Asks who has `peer`; the answer is pinged.
  void ask(Ipv4Address peer) {
    peer_ = peer;
    struct {
      Ethernet ethernet;
      Arp arp;
    } frame;
    frame.ethernet = {.destination = kEverybody, .source = device_.mac(), .type = Ethernet::kArp};
    frame.arp = {.operation = Arp::kRequest, .sender_mac = device_.mac(), .sender = address_, .target = peer};
    send(std::as_bytes(std::span(&frame, 1)));
  }

  void handle(std::span<std::byte> frame) {
    ++frames_;
    auto* ethernet = at<Ethernet>(frame, 0);
    if (ethernet->type == Ethernet::kArp) handle_arp(frame, *ethernet);
    if (ethernet->type == Ethernet::kIpv4) handle_ipv4(frame, *ethernet);
  }

  void report() const {
    const toro::NetworkCounters c = device_.counters();
    say(std::format("answered {} ARP requests and {} echo requests of {} frames, {} answers were lost", arps_, echoes_,
                    frames_, lost_));
    say(
        std::format("{}: received {} frames of {} bytes, sent {} of {}; dropped {} too long, {} malformed, {} overrun, "
                    "{} unsent; {} and {} errors; {} changes of the link",
                    device_.name(), c.received.frames, c.received.bytes, c.sent.frames, c.sent.bytes,
                    c.received_and_dropped.too_long, c.received_and_dropped.malformed, c.received_and_dropped.overrun,
                    c.dropped_unsent.link_down, c.receive_errors, c.transmit_errors, c.link_changes));
  }

 private:
  bool send(std::span<const std::byte> frame) {
    const bool sent = device_.send(frame).has_value();
    if (!sent) ++lost_;
    return sent;
  }

  void handle_arp(std::span<std::byte> frame, Ethernet& ethernet) {
    auto* arp = at<Arp>(frame, sizeof(Ethernet));
    if (arp == nullptr || arp->hardware != 1 || arp->protocol != Ethernet::kIpv4 || arp->target != address_) return;
    if (arp->operation == Arp::kReply && peer_ && arp->sender == *peer_) return ping(arp->sender_mac);
    if (arp->operation != Arp::kRequest) return;
    arp->operation = Arp::kReply;
    arp->target_mac = arp->sender_mac;
    std::swap(arp->target, arp->sender);
    arp->sender_mac = device_.mac();
    ethernet.destination = ethernet.source;
    ethernet.source = device_.mac();
    if (send(frame.first(sizeof(Ethernet) + sizeof(Arp)))) ++arps_;
  }

  void handle_ipv4(std::span<std::byte> frame, Ethernet& ethernet) {
    auto* ip = at<Ipv4>(frame, sizeof(Ethernet));
    if (ip == nullptr || ip->version_and_words >> 4 != 4 || ip->destination != address_) return;
    if (ip->protocol != Ipv4::kIcmp || (ip->fragment & Ipv4::kFragmented) != 0) return;
    const std::size_t header = (ip->version_and_words & 0xfU) * 4;
    auto* echo = at<IcmpEcho>(frame, sizeof(Ethernet) + header);
    const std::size_t size = sizeof(Ethernet) + ip->length;
    if (echo == nullptr || header < sizeof(Ipv4) || ip->length < header + sizeof(IcmpEcho) || size > frame.size())
      return;
    if (echo->type == IcmpEcho::kReply && peer_ && ip->source == *peer_) say(text(ip->source) + " answers a ping");
    if (echo->type != IcmpEcho::kRequest || ethernet.destination != device_.mac()) return;
    echo->type = IcmpEcho::kReply;
    echo->checksum = 0;
    echo->checksum = wire::checksum(frame.subspan(sizeof(Ethernet) + header, ip->length - header));
    std::swap(ip->source, ip->destination);  // leaves the checksum as it is
    std::swap(ethernet.source, ethernet.destination);
    if (send(frame.first(size))) ++echoes_;
  }

  void ping(const toro::MacAddress& mac) {
    say(std::format("{} is at {}", text(*peer_), text(mac)));
    struct {
      Ethernet ethernet;
      Ipv4 ip;
      IcmpEcho echo;
      char data[16] = "Hello from Toro";
    } frame;
    frame.ethernet = {.destination = mac, .source = device_.mac(), .type = Ethernet::kIpv4};
    frame.ip = {.length = sizeof frame - sizeof frame.ethernet, .source = address_, .destination = *peer_};
    frame.ip.checksum = wire::checksum(std::as_bytes(std::span(&frame.ip, 1)));
    frame.echo = {.type = IcmpEcho::kRequest, .identifier = 1, .sequence = 1};
    const auto whole = std::as_bytes(std::span(&frame, 1));
    frame.echo.checksum = wire::checksum(whole.subspan(sizeof frame.ethernet + sizeof frame.ip));
    send(whole);
  }

  toro::NetworkDevice& device_;
  Ipv4Address address_;
  std::optional<Ipv4Address> peer_;
  std::uint64_t frames_ = 0, arps_ = 0, echoes_ = 0, lost_ = 0;
};

void watch_link(toro::NetworkDevice& device) {
  for (auto wanted = toro::LinkState::down; device.wait_for_link(wanted);) {
    say(wanted == toro::LinkState::up ? "the link is up" : "the link is down");
    wanted = wanted == toro::LinkState::up ? toro::LinkState::down : toro::LinkState::up;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto address = argc > 1 ? parse(argv[1]) : std::nullopt;
  if (!address) return std::fprintf(stderr, "usage: packet-echo ADDRESS [PEER|- [SECONDS]]\n"), 2;
  if (toro::network_devices().empty()) return std::fprintf(stderr, "packet-echo: there is no network device\n"), 1;
  toro::NetworkDevice& device = toro::network_devices().front();
  const bool is_up = device.link() == toro::LinkState::up;
  say(std::format("{}: {}, MTU {}, link {}", device.name(), text(device.mac()), device.mtu(), is_up ? "up" : "down"));
  std::thread(watch_link, std::ref(device)).detach();

  Echo echo(device, *address);
  if (const auto peer = argc > 2 ? parse(argv[2]) : std::nullopt) echo.ask(*peer);
  const auto patience = argc > 3 ? std::chrono::seconds(std::atoi(argv[3])) : std::chrono::hours(24 * 365);
  std::array<std::byte, 2048> buffer;
  for (;;) {
    const auto size = device.receive_for(buffer, patience);
    if (size)
      echo.handle(std::span(buffer).first(*size));
    else if (size.error() != toro::NetworkError::buffer_too_short) {
      if (size.error() == toro::NetworkError::timed_out) break;
      const std::string_view why = toro::describe(size.error());
      return std::fprintf(stderr, "packet-echo: %.*s\n", static_cast<int>(why.size()), why.data()), 1;
    }
  }
  echo.report();
}
