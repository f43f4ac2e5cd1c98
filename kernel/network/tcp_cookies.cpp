// SYN cookies. 24 bits of a hash that only we can make, 5 of the time, 3 for the MSS.
#include "kernel/network/tcp_cookies.hpp"

#include <array>

#include "kernel/network/timers.hpp"

namespace toro::inet {
namespace {

constexpr std::uint64_t kPeriod = 64'000'000'000;  // ns
constexpr unsigned kPeriodShift = 3;
constexpr unsigned kHashShift = 8;
constexpr std::array<std::uint16_t, 8> kSizes{64, 536, 1024, 1220, 1360, 1440, 1452, 1460};
constexpr std::uint8_t kNoScale = 15;  // more than RFC 7323 allows
constexpr std::uint32_t kSack = 16;

struct Hashed {
  Ipv4Address local;
  Ipv4Address remote;
  Big16 local_port;
  Big16 remote_port;
  Big32 first;
  Big32 period;
  Big32 mss;
};

}  // namespace

Sequence SynCookies::cookie(const TcpSegment& segment, Sequence first, std::uint64_t period, std::uint32_t mss) const {
  const Hashed hashed{.local = segment.destination.address,
                      .remote = segment.source.address,
                      .local_port = segment.destination.port,
                      .remote_port = segment.source.port,
                      .first = first.value,
                      .period = static_cast<std::uint32_t>(period),
                      .mss = mss};
  const auto hash = static_cast<std::uint32_t>(siphash(key_, bytes_of(hashed)));
  return {hash << kHashShift | static_cast<std::uint32_t>(period % 32) << kPeriodShift | mss};
}

Sequence SynCookies::make(const TcpSegment& syn, std::uint64_t now) {
  const std::uint64_t period = now / kPeriod;
  last_period_ = period;
  std::uint32_t mss = kSizes.size() - 1;
  while (mss != 0 && kSizes[mss] > syn.maximum_segment_size.value_or(kDefaultMss)) --mss;
  return cookie(syn, syn.sequence, period, mss);
}

std::optional<TcpSegment> SynCookies::check(const TcpSegment& ack, std::uint64_t now) const {
  const std::uint64_t period = now / kPeriod;
  if (!last_period_ || period - *last_period_ > 1) return std::nullopt;
  const Sequence given = ack.acknowledgment - 1;
  const Sequence first = ack.sequence - 1;
  const std::uint32_t mss = given.value % kSizes.size();
  const std::uint64_t age = (period - (given.value >> kPeriodShift)) % 32;
  if (age > 1 || cookie(ack, first, period - age, mss) != given) return std::nullopt;
  TcpSegment syn{.source = ack.source, .destination = ack.destination, .sequence = first, .flags = TcpHeader::kSyn};
  syn.maximum_segment_size = kSizes[mss];
  if (!ack.timestamps) return syn;
  const std::uint32_t options = ack.timestamps->echo % kTimeStep;
  const auto scale = static_cast<std::uint8_t>(options % kSack);
  if (scale != kNoScale) syn.window_scale = scale;
  syn.sack_permitted = (options & kSack) != 0;
  syn.timestamps = ack.timestamps;
  return syn;
}

std::uint32_t SynCookies::timestamp(std::uint32_t time, const TcpSegment& syn) {
  return time - time % kTimeStep + syn.window_scale.value_or(kNoScale) + (syn.sack_permitted ? kSack : 0);
}

}  // namespace toro::inet
