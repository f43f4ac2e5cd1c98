// Frames and buffers for the drivers' tests.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <vector>

#include "kernel/devices/network/driver.hpp"

namespace toro::network::test {

/// The buffers that a driver is given.
class Buffers {
 public:
  explicit Buffers(std::size_t count) : buffers_(count), memory_(count * kBufferSize / sizeof(Line)) {
    pool.add(buffers_, std::as_writable_bytes(std::span(memory_)));
  }
  BufferPool pool;

 private:
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::vector<Buffer> buffers_;
  std::vector<Line> memory_;
};

inline std::vector<std::byte> frame_of(std::size_t size, unsigned seed = 1) {
  std::vector<std::byte> frame(size);
  for (std::size_t i = 0; i < size; ++i) frame[i] = static_cast<std::byte>(i * 7 + seed + i / 253);
  return frame;
}

inline std::vector<std::byte> bytes_of(const Frame& frame) {
  std::vector<std::byte> bytes(frame.size());
  frame.copy_to(bytes);
  return bytes;
}

struct Told : Completion {
  Told() {
    done = [](Completion& self) { ++static_cast<Told&>(self).times; };
  }
  int times = 0;
};

/// Sends a frame of one part.
inline Driver::Result send(Driver& driver, std::span<const std::byte> frame, Transmit transmit = {}) {
  transmit.parts = std::span(&frame, 1);
  const auto result = driver.transmit(transmit);
  driver.kick();
  return result;
}

}  // namespace toro::network::test
