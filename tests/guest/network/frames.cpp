// A network device from every core, on a network that answers ARP for 10.0.2.2 (QEMU's user network).
#include <doctest/doctest.h>
#include <toro/cores.hpp>
#include <toro/network_device.hpp>
#include <toro/thread.hpp>

#include <array>
#include <chrono>
#include <thread>
#include <vector>

using toro::NetworkError;
using namespace std::chrono_literals;

namespace {

toro::NetworkDevice* device() {
  return toro::network_devices().empty() ? nullptr : &toro::network_devices().front();
}

using Frame = std::vector<std::byte>;

/// Who has 10.0.2.2? Tell 10.0.2.15.
Frame question() {
  constexpr unsigned char kFixed[]{0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1};
  Frame frame;
  const auto put = [&](auto&& bytes) {
    for (const auto byte : bytes) frame.push_back(static_cast<std::byte>(byte));
  };
  const auto mac = device()->mac().bytes;
  put(std::array<unsigned char, 6>{255, 255, 255, 255, 255, 255});
  put(mac);
  put(kFixed);
  put(mac);
  put(std::array<unsigned char, 4>{10, 0, 2, 15});
  put(std::array<unsigned char, 6>{});
  put(std::array<unsigned char, 4>{10, 0, 2, 2});
  return frame;
}

bool is_answer(std::span<const std::byte> frame) {
  return frame.size() >= 42 && frame[12] == std::byte{8} && frame[13] == std::byte{6} && frame[21] == std::byte{2} &&
         frame[31] == std::byte{2};
}

/// Asks, and takes frames until the answer comes.
bool exchange() {
  if (!device()->send(question())) return false;
  std::array<std::byte, 1600> buffer;
  while (const auto size = device()->receive_for(buffer, 10s))
    if (is_answer(std::span(buffer).first(*size))) return true;
  return false;
}

void drain() {
  std::array<std::byte, 1600> buffer;
  while (device()->receive_for(buffer, 50ms)) {
  }
}

}  // namespace

TEST_CASE("a device can be given to a core until it is used") {
  if (device() == nullptr) return;
  CHECK(device()->core() == 0);
  CHECK(device()->name() == "net0");
  CHECK(device()->mtu() == 1500);
  const std::uint32_t last = toro::cores() - 1;
  CHECK(device()->dedicate_to(toro::cores()).error() == NetworkError::no_such_core);
  CHECK(device()->dedicate_to(last).has_value());
  CHECK(device()->core() == last);
  CHECK(device()->link() == toro::LinkState::up);
  CHECK(device()->dedicate_to(0).error() == NetworkError::in_use);
}

TEST_CASE("each core asks and gets its answer") {
  if (device() == nullptr) return;
  for (std::uint32_t core = 0; core < toro::cores(); ++core) CHECK(toro::run_on(core, exchange));
}

TEST_CASE("threads of all cores send at the same time") {
  if (device() == nullptr) return;
  drain();
  constexpr int kEach = 200;
  const auto before = device()->counters();
  std::vector<toro::Thread<void>> threads;
  for (std::uint32_t core = 0; core < toro::cores(); ++core)
    threads.push_back(toro::thread::create({.core = core}, [] {
      for (int i = 0; i < kEach; ++i)
        if (!device()->send(question())) return;
    }));
  int answers = 0;
  const int expected = kEach * static_cast<int>(toro::cores());
  std::array<std::byte, 1600> buffer;
  while (answers < expected) {
    const auto size = device()->receive_for(buffer, 3s);
    if (!size) break;  // the others are counted
    if (is_answer(std::span(buffer).first(*size))) ++answers;
  }
  for (auto& thread : threads) thread.join();
  const auto after = device()->counters();
  CHECK(after.sent.frames - before.sent.frames == static_cast<std::uint64_t>(expected));
  CHECK(after.sent.bytes - before.sent.bytes == 60U * static_cast<std::uint64_t>(expected));
  const auto lost = after.received_and_dropped.overrun - before.received_and_dropped.overrun;
  CHECK(static_cast<std::uint64_t>(answers) + lost == static_cast<std::uint64_t>(expected));
}

TEST_CASE("many frames in one call, more than the device has room for") {
  if (device() == nullptr) return;
  drain();
  const Frame frame = question();
  const std::vector<std::span<const std::byte>> frames(1000, frame);
  CHECK(device()->send(frames) == 1000U);
  drain();
}

TEST_CASE("frames of wrong lengths are refused") {
  if (device() == nullptr) return;
  const Frame frame(1519);
  CHECK(device()->send(std::span(frame).first(13)).error() == NetworkError::frame_too_short);
  CHECK(device()->send(frame).error() == NetworkError::frame_too_long);
  CHECK(device()->send(std::vector<std::span<const std::byte>>{frame}).error() == NetworkError::frame_too_long);
}

TEST_CASE("a buffer that is too short loses the frame, and says so") {
  if (device() == nullptr) return;
  drain();
  const auto before = device()->counters().received_and_dropped.too_long;
  REQUIRE(device()->send(question()).has_value());
  std::array<std::byte, 20> buffer;
  CHECK(device()->receive_for(buffer, 10s).error() == NetworkError::buffer_too_short);
  CHECK(device()->counters().received_and_dropped.too_long == before + 1);
}

TEST_CASE("waits end in time") {
  if (device() == nullptr) return;
  drain();
  std::array<std::byte, 1600> buffer;
  const auto begin = std::chrono::steady_clock::now();
  CHECK(device()->try_receive(buffer).error() == NetworkError::timed_out);
  CHECK(device()->receive_for(buffer, 30ms).error() == NetworkError::timed_out);
  CHECK(device()->wait_for_link(toro::LinkState::down, begin + 60ms).error() == NetworkError::timed_out);
  CHECK(std::chrono::steady_clock::now() - begin >= 60ms);
}

TEST_CASE("a thread that waits on the device's core can be killed") {
  if (device() == nullptr) return;
  drain();
  auto reader = toro::thread::create({.core = device()->core(), .name = "reader"}, [] {
    std::array<std::byte, 1600> buffer;
    while (device()->receive(buffer)) {
    }
  });
  toro::this_thread::sleep_for(10ms);
  reader.kill();
  reader.join();
  CHECK(exchange());
}
