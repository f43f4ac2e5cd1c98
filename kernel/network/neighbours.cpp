// ARP.
#include "kernel/network/neighbours.hpp"

#include <algorithm>

namespace toro::inet {

Neighbours::Neighbours(Environment& environment, TimerQueue& timers, NeighbourLink& link)
    : environment_(environment), timers_(timers), link_(link) {
  for (Entry& entry : entries_) entry.owner = this;
}

Neighbours::Entry* Neighbours::find(Ipv4Address address) {
  for (Entry& entry : entries_)
    if (entry.state != Entry::State::free && entry.address == address) return &entry;
  return nullptr;
}

/// A free entry, or the one that was not used for longest.
Neighbours::Entry& Neighbours::take(Ipv4Address address) {
  Entry* oldest = &entries_[0];
  for (Entry& entry : entries_) {
    if (entry.state == Entry::State::free) {
      oldest = &entry;
      break;
    }
    if (entry.used < oldest->used) oldest = &entry;
  }
  forget(*oldest);
  oldest->address = address;
  return *oldest;
}

void Neighbours::forget(Entry& entry) {
  timers_.cancel(entry.timer);
  while (Waiting* const packet = entry.waiting.pop()) heap::free(packet);
  entry.waiting_count = 0;
  entry.state = Entry::State::free;
}

void Neighbours::forget_all() {
  for (Entry& entry : entries_) forget(entry);
}

std::size_t Neighbours::size() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(entries_, [](const Entry& entry) { return entry.state != Entry::State::free; }));
}

void Neighbours::keep(Entry& entry, const Packet& packet) {
  if (entry.waiting_count == kMostWaiting) {
    heap::free(entry.waiting.pop());
    --entry.waiting_count;
  }
  const std::size_t size = packet.size();
  void* const memory = heap::allocate(sizeof(Waiting) + size);
  if (memory == nullptr) return;
  auto* const waiting =
      new (memory) Waiting{.links = {}, .head_size = packet.head.size(), .size = size, .unfinished = packet.unfinished};
  packet.copy_to(waiting->content());
  entry.waiting.push(*waiting);
  ++entry.waiting_count;
}

void Neighbours::send_kept(const MacAddress& mac, Waiting& kept) {
  const Bytes content(kept.content(), kept.size);
  const Packet::Part rest{content.subspan(kept.head_size), nullptr};
  link_.send_to_neighbour(mac, {.head = content.first(kept.head_size),
                                .rest = std::span(&rest, rest.bytes.empty() ? 0 : 1),
                                .unfinished = kept.unfinished});
}

void Neighbours::send(Ipv4Address neighbour, const Packet& packet) {
  Entry* entry = find(neighbour);
  const bool is_new = entry == nullptr;
  if (is_new) entry = &take(neighbour);
  entry->used = environment_.now();
  if (is_new) {
    entry->state = Entry::State::asked;
    entry->tries = 0;
    keep(*entry, packet);
    return ask(*entry);
  }
  if (entry->state == Entry::State::asked) return keep(*entry, packet);
  if (entry->state == Entry::State::stale) {  // it is asked whether it is still there, and used meanwhile
    entry->state = Entry::State::probed;
    entry->tries = 0;
    ask(*entry);
  }
  link_.send_to_neighbour(entry->mac, packet);
}

void Neighbours::ask(Entry& entry) {
  ++entry.tries;
  timers_.arm(entry.timer, environment_.now() + kRetry);
  const bool probes = entry.state == Entry::State::probed;
  const ArpPacket request{.operation = ArpPacket::kRequest,
                          .sender_mac = link_.mac(),
                          .sender = link_.address(),
                          .target_mac = probes ? entry.mac : MacAddress{},
                          .target = entry.address};
  link_.send_arp(probes ? entry.mac : kBroadcastMac, request);
}

void Neighbours::expire(Entry& entry) {
  if (entry.state == Entry::State::reachable) {
    entry.state = Entry::State::stale;
    timers_.arm(entry.timer, environment_.now() + 10 * kReachable);
    return;
  }
  if (entry.state != Entry::State::stale && entry.tries < kTries) return ask(entry);
  const bool was_asked = entry.state == Entry::State::asked;
  const Ipv4Address address = entry.address;
  forget(entry);
  if (was_asked) link_.neighbour_is_silent(address);
}

void Neighbours::learn(Entry& entry, const MacAddress& mac) {
  entry.mac = mac;
  entry.state = Entry::State::reachable;
  timers_.arm(entry.timer, environment_.now() + kReachable);
  entry.waiting_count = 0;
  while (Waiting* const packet = entry.waiting.pop()) {
    send_kept(mac, *packet);
    heap::free(packet);
  }
}

bool Neighbours::asks_for_us(const ArpPacket& packet) const {
  return packet.operation == ArpPacket::kRequest && packet.target == link_.address() && !link_.address().is_any();
}

/// A neighbour that is known is kept up to date by all that it says; a new one is learnt only when it speaks to us.
void Neighbours::input(const ArpPacket& packet) {
  const bool sender_is_sound = !packet.sender.is_any() && !packet.sender.is_multicast() &&
                               !packet.sender.is_limited_broadcast() && packet.sender != link_.address() &&
                               (packet.sender_mac.bytes[0] & 1U) == 0;
  if (sender_is_sound) {
    if (Entry* const entry = find(packet.sender)) {
      learn(*entry, packet.sender_mac);
    } else if (asks_for_us(packet)) {
      Entry& entry_of_sender = take(packet.sender);
      entry_of_sender.used = environment_.now();
      learn(entry_of_sender, packet.sender_mac);
    }
  }
}

void Neighbours::answer(const ArpPacket& packet) {
  if (!asks_for_us(packet) || packet.sender == link_.address()) return;
  link_.send_arp(packet.sender_mac, {.operation = ArpPacket::kReply,
                                     .sender_mac = link_.mac(),
                                     .sender = link_.address(),
                                     .target_mac = packet.sender_mac,
                                     .target = packet.sender});
}

}  // namespace toro::inet
