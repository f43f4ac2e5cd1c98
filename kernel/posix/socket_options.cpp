// Options of sockets. [socket(7), tcp(7)]
#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "kernel/posix/socket.hpp"
#include "kernel/posix/time.hpp"

namespace toro::posix {
namespace {

enum Level : std::uint32_t { kSocketLevel = 1, kTcpLevel = 6 };
/// [Linux include/uapi/asm-generic/socket.h]
enum SocketOption : std::uint32_t {
  kReuseAddress = 2,
  kType = 3,
  kSocketError = 4,
  kBroadcast = 6,
  kSendBuffer = 7,
  kReceiveBuffer = 8,
  kKeepAlive = 9,
  kLinger = 13,
  kReusePort = 15,
  kReceiveTimeout = 20,
  kSendTimeout = 21,
  kAcceptsConnections = 30,
  kProtocol = 38,
  kDomain = 39,
};
/// [Linux include/uapi/linux/tcp.h]
enum TcpOptionName : std::uint32_t {
  kNoDelay = 1,
  kMaximumSegment = 2,
  kKeepIdle = 4,
  kKeepInterval = 5,
  kKeepCount = 6,
  kInformation = 11,
  kCongestion = 13,
};

constexpr auto kNoOption = static_cast<filesystem::Error>(92);
constexpr std::int32_t kInternet = 2;

struct TimeValue {
  std::int64_t seconds;
  std::int64_t microseconds;
};
struct Linger {
  std::int32_t is_on;
  std::int32_t seconds;
};

/// Times in µs. What is 0 is not known. [Linux include/uapi/linux/tcp.h tcp_info]
struct TcpInformation {
  std::uint8_t state;
  std::uint8_t unknown[7];
  std::uint32_t retransmission_time;
  std::uint32_t unknown_time;
  std::uint32_t sent_segment;
  std::uint32_t unknown_counts[12];
  std::uint32_t round_trip;
  std::uint32_t round_trip_variation;
  std::uint32_t slow_start_threshold;
  std::uint32_t congestion_window;  ///< segments
};
static_assert(sizeof(TcpInformation) == 84);

/// [Linux include/net/tcp_states.h]
std::uint8_t number_of(inet::TcpState state) {
  constexpr std::array<std::uint8_t, 10> kNumbers{7, 2, 3, 1, 4, 5, 8, 11, 9, 6};
  return kNumbers[std::to_underlying(state)];
}
constexpr std::uint8_t kListens = 10;

/// As Linux calls it.
std::string_view name_of(inet::CongestionAlgorithm algorithm) {
  return algorithm == inet::CongestionAlgorithm::cubic ? "cubic" : "reno";
}

template <class T>
std::optional<T> value_of(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

template <class T>
FileResult put(std::span<std::byte> to, const T& value) {
  const std::size_t size = std::min(to.size(), sizeof value);
  std::memcpy(to.data(), &value, size);
  return static_cast<std::int64_t>(size);
}

TimeValue time_value_of(std::uint64_t nanoseconds) {
  return {static_cast<std::int64_t>(nanoseconds / inet::kSecond),
          static_cast<std::int64_t>(nanoseconds % inet::kSecond / inet::kMicrosecond)};
}

}  // namespace

FileResult Socket::set_option(std::uint32_t level, std::uint32_t name, std::span<const std::byte> value) {
  const auto invalid = [] { return socket_failure(inet::Error::invalid); };
  if (level == kSocketLevel && (name == kReceiveTimeout || name == kSendTimeout)) {
    const auto time = value_of<TimeValue>(value);
    if (!time || time->seconds < 0 || time->microseconds < 0 || time->microseconds >= 1'000'000) return invalid();
    const std::uint64_t timeout = nanoseconds_of({time->seconds, time->microseconds * 1000});
    name == kReceiveTimeout ? set_receive_timeout(timeout) : set_send_timeout(timeout);
    return 0;
  }
  if (level == kSocketLevel && name == kLinger) {
    const auto linger = value_of<Linger>(value);
    if (!linger) return invalid();
    options_.linger.reset();
    if (linger->is_on != 0) options_.linger = static_cast<std::uint32_t>(linger->seconds);
    return 0;
  }
  if (level == kTcpLevel && name == kCongestion && type_ == SocketType::stream) {  // one for the whole stack
    const std::string_view wanted(reinterpret_cast<const char*>(value.data()), value.size());
    return interface().run([&](inet::Stack& stack) -> FileResult {
      const std::string_view known = name_of(stack.tcp().settings().congestion);
      if (wanted.substr(0, wanted.find('\0')) != known) return std::unexpected(filesystem::Error::no_entry);
      return 0;
    });
  }
  const auto number = value_of<std::int32_t>(value);
  if (!number) return invalid();
  if (level == kTcpLevel && type_ != SocketType::stream) return std::unexpected(kNoOption);
  const auto seconds = static_cast<std::uint64_t>(*number) * inet::kSecond;
  const auto set = [&]() -> FileResult {
    if (level == kSocketLevel) {
      switch (name) {
        case kReuseAddress:
          options_.reuse_address = *number != 0;
          break;
        case kReusePort:
          options_.reuse_port = *number != 0;
          break;
        case kBroadcast:
          options_.broadcast = *number != 0;
          break;
        case kKeepAlive:
          options_.keep_alive.enabled = *number != 0;
          break;
        case kSendBuffer:  // the stack's own are as they are
        case kReceiveBuffer:
          break;
        default:
          return std::unexpected(kNoOption);
      }
    } else if (level == kTcpLevel) {
      switch (name) {
        case kNoDelay:
          options_.no_delay = *number != 0;
          break;
        case kKeepIdle:
        case kKeepInterval:
          if (*number < 1 || *number > 32767) return socket_failure(inet::Error::invalid);
          (name == kKeepIdle ? options_.keep_alive.idle : options_.keep_alive.interval) = seconds;
          break;
        case kKeepCount:
          if (*number < 1 || *number > 127) return socket_failure(inet::Error::invalid);
          options_.keep_alive.probes = static_cast<unsigned>(*number);
          break;
        default:
          return std::unexpected(kNoOption);
      }
    } else {
      return std::unexpected(kNoOption);
    }
    apply_options();
    return 0;
  };
  // An option says nothing of where the socket is to be.
  return has_interface() ? interface().run([&](inet::Stack&) { return set(); }) : set();
}

std::optional<inet::Error> Socket::take_error() {
  if (!has_interface()) return std::nullopt;
  return interface().run([&](inet::Stack&) {
    std::optional<inet::Error> error;
    if (datagrams_ != nullptr) error = datagrams_->take_error();
    if (connection_ != nullptr) {
      error = connection_->take_error();
      if (!connection_->is_connecting()) is_connecting_ = false;
    }
    return error;
  });
}

FileResult Socket::option(std::uint32_t level, std::uint32_t name, std::span<std::byte> value) {
  const bool is_stream = type_ == SocketType::stream;
  if (level == kSocketLevel && name == kSocketError) {
    const auto error = take_error();
    return put(value, error ? static_cast<std::int32_t>(*error) : 0);
  }
  inet::Interface& at = has_interface() ? interface() : *inet::interfaces().front();
  return at.run([&](inet::Stack& stack) -> FileResult {
    const auto number = [&](std::uint64_t of) { return put(value, static_cast<std::int32_t>(of)); };
    if (level == kSocketLevel) {
      switch (name) {
        case kReuseAddress:
          return number(options_.reuse_address ? 1 : 0);
        case kReusePort:
          return number(options_.reuse_port ? 1 : 0);
        case kType:
          return number(std::to_underlying(type_));
        case kBroadcast:
          return number(options_.broadcast ? 1 : 0);
        case kSendBuffer:
          return number(is_stream ? stack.tcp().settings().send_capacity : inet::UdpSocket::kMostQueued);
        case kReceiveBuffer:
          return number(is_stream ? stack.tcp().settings().receive_capacity : inet::UdpSocket::kMostQueued);
        case kKeepAlive:
          return number(options_.keep_alive.enabled ? 1 : 0);
        case kLinger:
          return put(value, Linger{options_.linger ? 1 : 0, static_cast<std::int32_t>(options_.linger.value_or(0))});
        case kReceiveTimeout:
          return put(value, time_value_of(options_.receive_timeout));
        case kSendTimeout:
          return put(value, time_value_of(options_.send_timeout));
        case kAcceptsConnections:
          return number(listener_ != nullptr ? 1 : 0);
        case kProtocol:
          return number(std::to_underlying(is_stream ? inet::Protocol::tcp : inet::Protocol::udp));
        case kDomain:
          return number(kInternet);
        default:
          return std::unexpected(kNoOption);
      }
    }
    if (level != kTcpLevel || !is_stream) return std::unexpected(kNoOption);
    switch (name) {
      case kNoDelay:
        return number(options_.no_delay ? 1 : 0);
      case kMaximumSegment:
        return number(connection_ == nullptr ? 536 : connection_->mss());
      case kKeepIdle:
        return number(options_.keep_alive.idle / inet::kSecond);
      case kKeepInterval:
        return number(options_.keep_alive.interval / inet::kSecond);
      case kKeepCount:
        return number(options_.keep_alive.probes);
      case kCongestion: {
        std::array<char, 16> padded{};  // TCP_CA_NAME_MAX
        std::ranges::copy(name_of(stack.tcp().settings().congestion), padded.begin());
        return put(value, padded);
      }
      case kInformation: {
        TcpInformation information{};
        information.state = listener_ != nullptr ? kListens : number_of(inet::TcpState::closed);
        if (connection_ != nullptr) {
          const inet::TcpRoundTrip times = connection_->round_trip();
          information.state = number_of(connection_->state());
          information.retransmission_time = static_cast<std::uint32_t>(times.timeout / inet::kMicrosecond);
          information.sent_segment = connection_->mss();
          information.round_trip = static_cast<std::uint32_t>(times.smoothed / inet::kMicrosecond);
          information.round_trip_variation = static_cast<std::uint32_t>(times.variation / inet::kMicrosecond);
          information.congestion_window = connection_->congestion().window() / connection_->mss();
        }
        return put(value, information);
      }
      default:
        return std::unexpected(kNoOption);
    }
  });
}

}  // namespace toro::posix
