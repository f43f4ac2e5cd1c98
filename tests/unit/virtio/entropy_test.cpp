// An entropy device, good and bad.
#include "kernel/devices/virtio/entropy.hpp"

#include <doctest/doctest.h>

#include <numeric>

#include "kernel/lib/chacha20.hpp"
#include "tests/unit/virtio/fake_transport.hpp"

using namespace toro::virtio;
using toro::virtio::test::FakeTransport;

namespace {

struct Setup {
  FakeTransport transport;
  Entropy entropy;
  std::array<std::byte, Entropy::kBytes> key{};

  Setup() { transport.device_type = DeviceType::entropy; }
  /// The device gives so many bytes, of a row that goes on.
  void give(std::size_t count) {
    const auto chain = transport.pop(0);
    REQUIRE(chain.has_value());
    std::vector<std::byte> bytes(count);
    for (auto& byte : bytes) byte = static_cast<std::byte>(next++);
    transport.push(0, chain->head, chain->fill(bytes));
  }
  unsigned next = 1;
};

}  // namespace

TEST_CASE("virtio entropy: bytes come in pieces") {
  Setup setup;
  CHECK(setup.entropy.take(setup.key).error() == Error::not_started);
  REQUIRE(setup.entropy.start(setup.transport).has_value());
  CHECK(setup.transport.queues[0].notified == 1);
  CHECK(setup.entropy.take(setup.key) == false);
  setup.give(20);
  CHECK(setup.entropy.take(setup.key) == false);
  CHECK(setup.transport.queues[0].notified == 2);
  setup.give(12);
  CHECK(setup.entropy.take(setup.key) == true);
  for (std::size_t i = 0; i < setup.key.size(); ++i) CHECK(static_cast<unsigned>(setup.key[i]) == i + 1);
  CHECK(setup.entropy.take(setup.key).error() == Error::not_started);  // told once
}

TEST_CASE("virtio entropy: a device that gives nothing, too much, or what was not asked for") {
  Setup setup;
  REQUIRE(setup.entropy.start(setup.transport).has_value());
  SUBCASE("nothing") {
    setup.give(0);
    CHECK(setup.entropy.take(setup.key).error() == Error::used_length_invalid);
  }
  SUBCASE("too much") {
    setup.transport.push(0, 0, Entropy::kBytes + 1);
    CHECK(setup.entropy.take(setup.key).error() == Error::used_length_invalid);
  }
  SUBCASE("another request") {
    setup.transport.push(0, 1, 4);
    CHECK(setup.entropy.take(setup.key).error() == Error::used_id_invalid);
  }
  SUBCASE("twice") {
    setup.transport.set_used_index(0, 2);
    CHECK(setup.entropy.take(setup.key).error() == Error::used_index_jump);
  }
  CHECK_FALSE(setup.entropy.take(setup.key).value_or(false));
}

TEST_CASE("virtio entropy: start and interrupts") {
  Setup setup;
  CHECK_FALSE(setup.entropy.on_interrupt());
  setup.transport.device_type = DeviceType::console;
  CHECK(setup.entropy.start(setup.transport).error() == Error::wrong_device_type);
  setup.transport.device_type = DeviceType::entropy;
  REQUIRE(setup.entropy.start(setup.transport).has_value());
  CHECK_FALSE(setup.entropy.on_interrupt());
  setup.give(32);
  CHECK(setup.entropy.on_interrupt());
}

TEST_CASE("chacha20: the block of RFC 8439's first test vector") {
  constexpr auto block = toro::chacha20_block({}, 0);  // A.1, test vector 1
  static_assert(block[0] == 0xade0b876 && block[1] == 0x903df1a0 && block[15] == 0x8665eeb2);
  CHECK(toro::chacha20_block({}, 1)[0] == 0xbee7079f);  // test vector 2
}
