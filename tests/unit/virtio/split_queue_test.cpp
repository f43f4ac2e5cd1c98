// The split queue against a device that keeps the rules, and against one that breaks each of them.
#include "kernel/devices/virtio/split_queue.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <thread>

#include "tests/unit/virtio/fake_transport.hpp"

using namespace toro::virtio;
using toro::virtio::test::FakeTransport;

namespace {

template <std::uint16_t kSize>
struct Ring {
  Ring() {
    const auto addresses = queue.attach(memory.view(), kSize);
    REQUIRE(addresses.has_value());
    device.enable_queue(0, *addresses);
  }
  std::optional<SplitQueue::Completion> take() {
    const auto completion = queue.poll();
    REQUIRE(completion.has_value());
    return *completion;
  }

  QueueMemory<kSize> memory;
  SplitQueue queue;
  FakeTransport device;
  std::array<std::byte, 64> buffer{};
};

}  // namespace

TEST_CASE("virtio queue: a chain goes out and comes back") {
  Ring<8> ring;
  std::array<std::byte, 4> header{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  std::array<std::byte, 16> body{};
  std::array<std::byte, 1> status{};
  const std::array<std::span<const std::byte>, 1> readable{header};
  const std::array<std::span<std::byte>, 2> writable{body, status};
  REQUIRE(ring.queue.submit(readable, writable, 0xdead'beef'cafe).has_value());
  CHECK(ring.queue.free_descriptors() == 5);
  CHECK_FALSE(ring.device.pop(0).has_value());  // not published yet
  CHECK(ring.queue.publish());
  CHECK_FALSE(ring.queue.publish());
  CHECK(ring.queue.figures().in_flight == 1);

  const auto chain = ring.device.pop(0);
  REQUIRE(chain.has_value());
  REQUIRE(chain->readable.size() == 1);
  REQUIRE(chain->writable.size() == 2);
  CHECK(chain->data() == std::vector<std::byte>(header.begin(), header.end()));
  CHECK(chain->writable[1].data() == status.data());
  CHECK_FALSE(ring.take().has_value());
  ring.device.push(0, chain->head, 17);
  const auto completion = ring.take();
  REQUIRE(completion.has_value());
  CHECK(completion->cookie == 0xdead'beef'cafe);
  CHECK(completion->written == 17);
  CHECK(ring.queue.free_descriptors() == 8);
  CHECK_FALSE(ring.take().has_value());
}

TEST_CASE("virtio queue: completions in any order, over many turns of the 16-bit indices") {
  Ring<4> ring;
  std::uint64_t next = 0;
  std::uint64_t sum_in = 0;
  std::uint64_t sum_out = 0;
  for (int turn = 0; turn < 50'000; ++turn) {
    std::vector<std::uint16_t> heads;
    for (int i = 0; i < 3; ++i) {
      REQUIRE(ring.queue.submit_writable(ring.buffer, ++next).has_value());
      sum_in += next;
    }
    static_cast<void>(ring.queue.publish());
    while (const auto chain = ring.device.pop(0)) heads.push_back(chain->head);
    REQUIRE(heads.size() == 3);
    for (int i : {1, 2, 0}) ring.device.push(0, heads[static_cast<std::size_t>(i)], 64);
    while (const auto completion = ring.take()) sum_out += completion->cookie;
  }
  CHECK(sum_in == sum_out);
  CHECK(ring.queue.free_descriptors() == 4);
}

TEST_CASE("virtio queue: what the driver may not ask") {
  Ring<4> ring;
  const std::span<std::byte> buffer = ring.buffer;
  CHECK(ring.queue.submit({}, {}, 0).error() == Error::invalid_argument);
  CHECK(ring.queue.submit_writable({}, 0).error() == Error::invalid_argument);
  CHECK(ring.queue.submit_readable(std::span<const std::byte>(buffer.data(), std::size_t{1} << 32), 0).error() ==
        Error::invalid_argument);
  const std::span<std::byte> huge(buffer.data(), 0x8000'0000);
  CHECK(ring.queue.submit({}, std::array{huge, huge}, 0).error() == Error::invalid_argument);
  const std::array<std::span<std::byte>, 5> five{buffer, buffer, buffer, buffer, buffer};
  CHECK(ring.queue.submit({}, five, 0).error() == Error::queue_full);
  CHECK(ring.queue.submit({}, std::span(five).first(4), 0).has_value());
  CHECK(ring.queue.submit_writable(buffer, 0).error() == Error::queue_full);

  QueueMemory<4> memory;
  SplitQueue queue;
  CHECK(queue.attach(memory.view(), 3).error() == Error::invalid_argument);
  CHECK(queue.attach(memory.view(), 8).error() == Error::invalid_argument);
  CHECK(queue.attach(memory.view(), 0).error() == Error::invalid_argument);
  CHECK(queue.submit_writable(buffer, 0).error() == Error::queue_full);
  CHECK(queue.poll()->has_value() == false);
  CHECK_FALSE(queue.publish());
}

TEST_CASE("virtio queue: each violation breaks it, and it stays broken") {
  Ring<4> ring;
  REQUIRE(ring.queue.submit_writable(std::span(ring.buffer).first(16), 1).has_value());
  REQUIRE(ring.queue.submit({}, std::array{std::span(ring.buffer).first(8), std::span(ring.buffer).last(8)}, 2));
  static_cast<void>(ring.queue.publish());
  REQUIRE(ring.queue.submit_writable(ring.buffer, 3).has_value());  // not published: not in flight
  const auto first = ring.device.pop(0);
  const auto second = ring.device.pop(0);
  Error wanted{};

  SUBCASE("an id that no descriptor has") {
    ring.device.push(0, 4, 0);
    wanted = Error::used_id_invalid;
  }
  SUBCASE("a huge id") {
    ring.device.push(0, 0x1'0000, 0);  // would be 0, cut to 16 bits
    wanted = Error::used_id_invalid;
  }
  SUBCASE("the inside of a chain") {
    ring.device.push(0, ring.memory.descriptors[second->head].next, 0);
    wanted = Error::used_id_invalid;
  }
  SUBCASE("the same chain twice") {
    ring.device.push(0, first->head, 16);
    ring.device.push(0, first->head, 16);
    CHECK(ring.take()->cookie == 1);
    wanted = Error::used_id_invalid;
  }
  SUBCASE("more written than offered") {
    ring.device.push(0, second->head, 17);
    wanted = Error::used_length_invalid;
  }
  SUBCASE("more completions than chains in flight") {
    ring.device.set_used_index(0, 3);
    wanted = Error::used_index_jump;
  }
  SUBCASE("the index goes back") {
    ring.device.push(0, first->head, 16);
    CHECK(ring.take()->cookie == 1);
    ring.device.set_used_index(0, 0);
    wanted = Error::used_index_jump;
  }
  CHECK(ring.queue.poll().error() == wanted);
  CHECK(ring.queue.broken() == wanted);
  CHECK(ring.queue.figures().broken == wanted);
  CHECK(ring.queue.poll().error() == Error::queue_broken);
  CHECK(ring.queue.submit_writable(ring.buffer, 4).error() == Error::queue_broken);
  CHECK_FALSE(ring.queue.publish());
  CHECK_FALSE(ring.queue.set_interrupts(SplitQueue::Interrupts::enabled));
}

TEST_CASE("virtio queue: nothing the device scribbles into the ring is believed") {
  Ring<8> ring;
  const std::array<std::span<std::byte>, 3> parts{std::span(ring.buffer).first(8), std::span(ring.buffer).first(8),
                                                  std::span(ring.buffer).first(8)};
  REQUIRE(ring.queue.submit({}, parts, 1).has_value());
  static_cast<void>(ring.queue.publish());
  const auto chain = ring.device.pop(0);
  std::memset(ring.memory.descriptors.data(), 0xff, sizeof ring.memory.descriptors);
  std::memset(ring.memory.available.data(), 0xff, sizeof ring.memory.available);
  ring.device.push(0, chain->head, 24);
  CHECK(ring.take()->written == 24);
  CHECK(ring.queue.free_descriptors() == 8);
  for (int i = 0; i < 8; ++i) CHECK(ring.queue.submit_writable(ring.buffer, 1).has_value());
}

TEST_CASE("virtio queue: notifications and interrupts are suppressed as asked") {
  Ring<4> ring;
  ring.memory.used.header.flags = 1;
  REQUIRE(ring.queue.submit_writable(ring.buffer, 1).has_value());
  CHECK_FALSE(ring.queue.publish());
  CHECK(ring.device.pop(0).has_value());  // visible all the same
  CHECK_FALSE(ring.queue.set_interrupts(SplitQueue::Interrupts::suppressed));
  CHECK(ring.memory.available[0] == 1);
  ring.device.push(0, 0, 0);
  CHECK_FALSE(ring.device.take_interrupt().queue);
  CHECK(ring.queue.set_interrupts(SplitQueue::Interrupts::enabled));  // came while nobody listened
  CHECK(ring.memory.available[0] == 0);
  CHECK(ring.take().has_value());
}

TEST_CASE("virtio queue: addresses pass through the translation") {
  QueueMemory<4> memory;
  SplitQueue queue;
  constexpr auto shift = [](const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer) + 0x1000; };
  const auto addresses = queue.attach(memory.view(), 4, shift);
  CHECK(addresses->used == reinterpret_cast<std::uintptr_t>(&memory.used) + 0x1000);
  std::array<std::byte, 4> data{};
  REQUIRE(queue.submit_writable(data, 0).has_value());
  CHECK(queue.descriptors()[0].address == reinterpret_cast<std::uintptr_t>(data.data()) + 0x1000);
}

TEST_CASE("virtio queue: a device on another thread loses and doubles nothing") {
  constexpr std::uint64_t kChains = 100'000;
  Ring<16> ring;
  std::vector<std::uint64_t> storage(16);
  std::thread device([&] {
    for (std::uint64_t done = 0; done < kChains;) {
      const auto chain = ring.device.pop(0);
      if (!chain) {
        std::this_thread::yield();
        continue;
      }
      std::uint64_t value = 0;
      std::memcpy(&value, chain->writable[0].data(), 8);
      value = ~value;
      std::memcpy(chain->writable[0].data(), &value, 8);
      ring.device.push(0, chain->head, 8);
      ++done;
    }
  });
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  bool right = true;
  std::vector<std::uint64_t> slots;
  for (std::uint64_t i = 0; i < storage.size(); ++i) slots.push_back(i);
  while (received < kChains) {
    while (sent < kChains && !slots.empty()) {
      const std::uint64_t slot = slots.back();
      slots.pop_back();
      storage[slot] = sent++;
      right &=
          ring.queue.submit_writable(std::as_writable_bytes(std::span(&storage[slot], 1)), slot << 32 | storage[slot])
              .has_value();
    }
    static_cast<void>(ring.queue.publish());
    const auto completion = ring.queue.poll();
    if (!completion) {
      FAIL("broken");
      break;
    }
    if (!completion->has_value()) {
      std::this_thread::yield();
      continue;
    }
    const std::uint64_t slot = (*completion)->cookie >> 32;
    right &= storage[slot] == ~((*completion)->cookie & 0xffff'ffff);
    slots.push_back(slot);
    ++received;
  }
  device.join();
  CHECK(right);
}
