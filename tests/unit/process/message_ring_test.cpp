// The ring of messages from one core to another.
#include "kernel/process/message_ring.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <thread>

using toro::process::Message;
using toro::process::MessageRing;

namespace {

bool write(MessageRing& ring, std::atomic<std::uint8_t>& written, int value) {
  Message* const message = ring.next(written);
  if (message == nullptr) return false;
  std::memcpy(message->payload, &value, sizeof value);
  MessageRing::count(written);
  return true;
}

int read(MessageRing& ring, std::uint8_t& taken) {
  int value;
  const Message message = ring.read(taken++);
  std::memcpy(&value, message.payload, sizeof value);
  return value;
}

}  // namespace

TEST_CASE("a ring holds as many messages as it has slots, and gives them in order, over every wrap of the counter") {
  const auto ring = std::make_unique<MessageRing>();
  std::atomic<std::uint8_t> written = 0;
  std::uint8_t taken = 0;
  int next = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < MessageRing::kSlots; ++i) REQUIRE(write(*ring, written, round * MessageRing::kSlots + i));
    CHECK_FALSE(write(*ring, written, -1));
    while (taken != written) CHECK(read(*ring, taken) == next++);
  }
}

TEST_CASE("one thread writes while another reads") {
  constexpr int kMessages = 200'000;
  const auto ring = std::make_unique<MessageRing>();
  std::atomic<std::uint8_t> written = 0;
  std::thread writer([&] {
    for (int i = 0; i < kMessages; ++i)
      while (!write(*ring, written, i)) std::this_thread::yield();
  });
  std::uint8_t taken = 0;
  bool in_order = true;
  for (int i = 0; i < kMessages; ++i) {
    while (written.load(std::memory_order_acquire) == taken) std::this_thread::yield();
    in_order = in_order && read(*ring, taken) == i;
  }
  writer.join();
  CHECK(in_order);
}
