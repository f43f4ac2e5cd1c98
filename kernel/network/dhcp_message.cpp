// DHCP's messages.
#include "kernel/network/dhcp_message.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace toro::inet {
namespace {

/// [RFC 2132]
enum Option : std::uint8_t {
  kPad = 0,
  kSubnetMask = 1,
  kRouter = 3,
  kNameServers = 6,
  kRequestedAddress = 50,
  kLeaseTime = 51,
  kMessageType = 53,
  kServer = 54,
  kParameters = 55,
  kRenewalTime = 58,
  kRebindingTime = 59,
  kEnd = 255,
};

/// The first T of an option; a longer list goes on behind it.
template <class T>
bool read(Bytes value, T& to) {
  const auto* const there = header_of<T>(value);
  if (there != nullptr) to = *there;
  return there != nullptr;
}
bool read(Bytes value, std::uint32_t& to) {
  Big32 number;
  const bool is_there = read(value, number);
  to = number;
  return is_there;
}

bool take(DhcpReply& reply, std::uint8_t option, Bytes value) {
  switch (option) {
    case kSubnetMask: {
      std::uint32_t mask = 0;
      if (!read(value, mask)) return false;
      reply.prefix = static_cast<std::uint8_t>(std::countl_one(mask));
      return reply.prefix == std::popcount(mask);
    }
    case kRouter:
      return read(value, reply.router);
    case kNameServers:
      for (std::size_t i = 0; i < reply.name_servers.size() && value.size() >= (i + 1) * sizeof(Ipv4Address); ++i)
        static_cast<void>(read(value.subspan(i * sizeof(Ipv4Address)), reply.name_servers[i]));
      return true;
    case kLeaseTime:
      return read(value, reply.lease);
    case kMessageType:
      if (value.empty()) return false;
      reply.type = static_cast<DhcpType>(value[0]);
      return true;
    case kServer:
      return read(value, reply.server);
    case kRenewalTime:
      return read(value, reply.renewal);
    case kRebindingTime:
      return read(value, reply.rebinding);
    default:
      return true;
  }
}

class Writer {
 public:
  explicit Writer(MutableBytes to) : to_(to) {}
  void put(std::uint8_t option, Bytes value) {
    to_[0] = std::byte{option};
    to_[1] = static_cast<std::byte>(value.size());
    std::ranges::copy(value, to_.begin() + 2);
    to_ = to_.subspan(2 + value.size());
  }
  void end() { to_[0] = std::byte{kEnd}; }

 private:
  MutableBytes to_;
};

}  // namespace

Parsed<DhcpReply> parse_dhcp(Bytes payload) {
  const auto* const header = header_of<DhcpHeader>(payload);
  if (header == nullptr) return std::unexpected(Drop::too_short);
  if (header->operation != DhcpHeader::kReply || header->magic != DhcpHeader::kMagic)
    return std::unexpected(Drop::unknown_protocol);
  DhcpReply reply{.transaction = header->transaction, .mac = header->mac, .yours = header->yours};
  for (Bytes options = payload.subspan(sizeof(DhcpHeader)); !options.empty();) {
    const auto option = std::to_integer<std::uint8_t>(options[0]);
    if (option == kEnd) break;
    if (option == kPad) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2) return std::unexpected(Drop::bad_option);
    const auto length = std::to_integer<std::size_t>(options[1]);
    if (length > options.size() - 2) return std::unexpected(Drop::bad_option);
    if (!take(reply, option, options.subspan(2, length))) return std::unexpected(Drop::bad_option);
    options = options.subspan(2 + length);
  }
  return reply;
}

void write_dhcp(const DhcpQuestion& question, std::span<std::byte, kDhcpQuestionSize> to) {
  const bool is_answered = question.type != DhcpType::decline;  // [RFC 2131 4.4.1, table 5]
  const DhcpHeader header{.transaction = question.transaction,
                          .seconds = question.seconds,
                          // A client without an address cannot count on getting what is sent to one.
                          .flags = is_answered && question.client.is_any() ? DhcpHeader::kBroadcast : std::uint16_t{0},
                          .client = question.client,
                          .yours = {},
                          .next_server = {},
                          .relay = {},
                          .mac = question.mac};
  std::ranges::fill(to, std::byte{kPad});
  store(to.data(), header);
  Writer writer(to.subspan(sizeof header));
  writer.put(kMessageType, bytes_of(question.type));
  if (question.requested) writer.put(kRequestedAddress, bytes_of(*question.requested));
  if (question.server) writer.put(kServer, bytes_of(*question.server));
  constexpr auto kWanted =
      std::to_array<std::uint8_t>({kSubnetMask, kRouter, kNameServers, kLeaseTime, kRenewalTime, kRebindingTime});
  if (is_answered) writer.put(kParameters, bytes_of(kWanted));
  writer.end();
}

}  // namespace toro::inet
