// A world of stacks: a clock that moves when nothing else happens, and a cable that may be bad.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <random>
#include <vector>

#include "kernel/network/checksum.hpp"
#include "kernel/network/stack.hpp"
#include "tests/unit/stack/offloading.hpp"

namespace toro::inet {

/// What a cable does to frames; chances are parts of 1.
struct Cable {
  double loss = 0;
  double duplication = 0;
  double reordering = 0;
  double corruption = 0;
  std::uint64_t delay = kMillisecond;
  std::uint64_t bytes_per_second = 0;  ///< 0: no limit
};

class World {
 public:
  explicit World(std::uint64_t seed = 1) : random_(seed) {}

  struct Host final : Environment {
    Host(World& world, std::uint8_t number)
        : world_(world), stack(*this, {{2, 0, 0, 0, 0, number}}, 1500), number_(number) {}
    std::uint64_t now() override { return world_.now_; }
    std::uint64_t random() override { return world_.random_(); }
    void transmit(const network::Transmit& frame) override {
      longest = std::max(longest, frame.size());
      if (frame.completion != nullptr) {
        reading.push_back({Frame(frame.size()), {frame.parts.begin(), frame.parts.end()}, frame.completion});
        frame.copy_to(reading.back().seen.data());
      }
      for (Frame& finished : finish(frame)) world_.carry(*this, std::move(finished));
    }
    void tell_conflict(Ipv4Address address, const MacAddress& other) override {
      conflicts.emplace_back(address, other);
    }
    void hand_over(std::size_t index, Steered& packet) override {
      ++handed_over;
      first->queues[index]->handed.push_back(&packet);
    }
    void take_handed() {
      while (!handed.empty()) {
        Steered* const packet = handed.front();
        handed.pop_front();
        stack.input(*packet);
      }
    }
    ~Host() {
      stop_reading(0);
      for (Steered* const packet : handed) heap::free(packet);
    }
    /// Its device has read all but `left` of the frames that it was given without a copy: they were to stay as they
    /// were.
    void stop_reading(std::size_t left) {
      for (; reading.size() > left; reading.pop_front()) {
        const Reading& read = reading.front();
        Frame now(read.seen.size());
        network::Transmit{.parts = read.parts}.copy_to(now.data());
        CHECK(now == read.seen);
        read.completion->done(*read.completion);
      }
    }
    /// Its device does what `offloads` say.
    void set_offloads(const network::Offloads& offloads) {
      stack.set_offloads(offloads);
      merges = offloads.merging;
    }
    void take(const Frame& frame) { merges ? merger.take(frame) : stack.input(frame); }
    /// As 10.0.0.NUMBER/24, behind the gateway 10.0.0.254.
    Host& configured() {
      stack.configure({address(), 24, Ipv4Address{{10, 0, 0, 254}}, {}});
      return *this;
    }
    [[nodiscard]] Ipv4Address address() const { return {{10, 0, 0, number_}}; }
    [[nodiscard]] std::uint8_t number() const { return number_; }

   private:
    World& world_;

   public:
    Stack stack;
    std::vector<std::pair<Ipv4Address, MacAddress>> conflicts;  ///< that it was told of
    std::vector<Frame> sent;                                    ///< while nobody else is there
    std::size_t longest = 0;                                    ///< of the frames that the device was given
    struct Reading {
      Frame seen;
      std::vector<Bytes> parts;
      network::Completion* completion;
    };
    std::deque<Reading> reading;
    Host* first = this;           ///< of those that are one host with several queues
    std::vector<Host*> queues{};  ///< all of them, of the first
    std::deque<Steered*> handed;  ///< to this stack
    unsigned handed_over = 0;     ///< by this stack
    Merger merger{stack};
    bool merges = false;

   private:
    std::uint8_t number_;
  };

  Host& add() {
    hosts_.push_back(std::make_unique<Host>(*this, static_cast<std::uint8_t>(hosts_.size() + 1)));
    return *hosts_.back();
  }

  /// A host of `count` stacks, each of which has a queue of its device, and gets any of the frames.
  Host& add_queues(std::size_t count) {
    Host& first = add();
    first.queues.push_back(&first);
    while (first.queues.size() < count) {
      hosts_.push_back(std::make_unique<Host>(*this, first.number()));
      hosts_.back()->first = &first;
      first.queues.push_back(hosts_.back().get());
    }
    for (std::size_t i = 0; i < count; ++i)
      first.queues[i]->stack.set_steering({.count = count, .index = i, .key = {1, 2}});
    for (Host* const host : first.queues) host->configured();
    return first;
  }

  [[nodiscard]] std::uint64_t now() const { return now_; }
  Cable cable;
  std::uint64_t frames = 0;
  /// Sees each frame before the cable; false: it is lost.
  std::function<bool(Frame&)> filter;

  /// Until `done` or for `duration`; whether it was done. `work` runs after each event.
  bool run(std::uint64_t duration, const std::function<bool()>& done = [] { return false; }) {
    const std::uint64_t end = now_ + duration;
    for (;;) {
      if (done()) return true;
      std::uint64_t next = events_.empty() ? kNever : events_.top().at;
      for (auto& host : hosts_)
        next = std::min(next, host->handed.empty() ? std::max(host->stack.next_deadline(), now_) : now_);
      if (next > end) {
        now_ = end;
        return done();
      }
      now_ = std::max(now_, next);
      while (!events_.empty() && events_.top().at <= now_) {
        const Event event = events_.top();
        events_.pop();
        for (auto& host : hosts_) {
          if (host->first != host.get() || host.get() == event.from->first) continue;
          auto& queues = host->queues;
          (queues.empty() ? *host : *queues[device_random_() % queues.size()]).take(*event.frame);
        }
      }
      for (bool is_over = false; !is_over;) {
        is_over = true;
        for (auto& host : hosts_) {
          is_over = is_over && host->handed.empty();
          host->take_handed();
        }
      }
      for (auto& host : hosts_) {
        host->merger.flush();
        host->stop_reading(device_random_() % 16);
      }
      for (auto& host : hosts_)
        if (host->stack.next_deadline() <= now_) host->stack.run_timers();
    }
  }

 private:
  struct Event {
    std::uint64_t at;
    std::uint64_t number;
    Host* from;
    std::shared_ptr<Frame> frame;
    bool operator<(const Event& other) const { return at != other.at ? at > other.at : number > other.number; }
  };

  bool chance(double of) { return of > 0 && std::uniform_real_distribution<>(0, 1)(random_) < of; }

  void carry(Host& from, Frame frame) {
    ++frames;
    if (hosts_.size() == 1) {
      from.sent.push_back(std::move(frame));
      return;
    }
    if (filter && !filter(frame)) return;
    if (chance(cable.loss)) return;
    for (unsigned copies = chance(cable.duplication) ? 2 : 1; copies > 0; --copies) {
      auto copy = std::make_shared<Frame>(frame);
      if (chance(cable.corruption)) (*copy)[random_() % copy->size()] ^= static_cast<std::byte>(1U << random_() % 8);
      std::uint64_t at = now_ + cable.delay;
      if (cable.bytes_per_second != 0) {
        free_at_ = std::max(free_at_, now_) + frame.size() * kSecond / cable.bytes_per_second;
        at = free_at_ + cable.delay;
      }
      if (chance(cable.reordering)) at += random_() % (3 * cable.delay + 1);
      events_.push({at, ++number_, &from, std::move(copy)});
    }
  }

  std::mt19937_64 random_;
  std::mt19937_64 device_random_;  ///< a seed means the same cable, whatever the devices do
  std::uint64_t now_ = kSecond;
  std::uint64_t number_ = 0;
  std::uint64_t free_at_ = 0;
  std::priority_queue<Event> events_;
  std::vector<std::unique_ptr<Host>> hosts_;
};

inline Frame frame_of(const MacAddress& to, const MacAddress& from, std::uint16_t type, Bytes payload) {
  const EthernetHeader header{.destination = to, .source = from, .type = type};
  Frame frame(sizeof header + payload.size());
  std::memcpy(frame.data(), &header, sizeof header);
  std::copy(payload.begin(), payload.end(), frame.begin() + sizeof header);
  return frame;
}

/// An IPv4 packet in a frame.
inline Frame packet_of(Ipv4Header header, Bytes payload, const MacAddress& to = {{2, 0, 0, 0, 0, 1}}) {
  header.length = static_cast<std::uint16_t>(sizeof header + payload.size());
  header.checksum = 0;
  header.checksum = checksum_of(bytes_of(header));
  Frame packet(sizeof header + payload.size());
  std::memcpy(packet.data(), &header, sizeof header);
  std::copy(payload.begin(), payload.end(), packet.begin() + sizeof header);
  return frame_of(to, {{2, 0, 0, 0, 0, 99}}, EthernetHeader::kIpv4, packet);
}

inline std::vector<std::byte> random_bytes(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

}  // namespace toro::inet
