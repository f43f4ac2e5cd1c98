// An echo request to another machine, and its reply.
#include "kernel/network/ping.hpp"

#include <algorithm>

#include "kernel/network/checksum.hpp"
#include "kernel/network/stack.hpp"

namespace toro::inet {

Ping::Ping(Stack& stack) : stack_(stack), number_(static_cast<std::uint32_t>(stack.environment().random())) {
  stack.pings().push(*this);
}
Ping::~Ping() {
  stack_.pings().remove(*this);
}

Result<> Ping::send(Ipv4Address to, std::size_t size) {
  if (size > kMostPayload) return failure(Error::message_size);
  const auto source = stack_.source_for(to);
  if (!source) return failure(source.error());
  IcmpHeader header{.type = IcmpHeader::kEchoRequest};
  header.word = static_cast<std::uint16_t>(number_ >> 16);
  header.word2 = static_cast<std::uint16_t>(number_);
  auto* const memory = static_cast<std::byte*>(heap::allocate(sizeof header + size));
  if (memory == nullptr) return failure(Error::no_buffers);
  const MutableBytes request(memory, sizeof header + size);
  store(request.data(), header);
  std::ranges::fill(request.subspan(sizeof header), std::byte{0x55});
  header.checksum = checksum_of(request);
  store(request.data(), header);
  size_ = size;
  sent_at_ = stack_.environment().now();
  const auto sent = stack_.send({.protocol = Protocol::icmp, .source = *source, .destination = to}, request);
  heap::free(memory);
  return sent;
}

void Ping::take(const IcmpMessage& reply) {
  const auto number = static_cast<std::uint32_t>(std::uint32_t{reply.header->word} << 16 | reply.header->word2);
  if (number != number_ || reply.payload.size() != size_ || round_trip_) return;
  round_trip_ = stack_.environment().now() - sent_at_;
  stack_.notify();
}

}  // namespace toro::inet
