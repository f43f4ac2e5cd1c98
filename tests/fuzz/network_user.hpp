// Who uses a network driver under a fuzzer: receives, keeps and gives back frames, sends, listens; what the driver
// hands out must be within its buffers, and each completion is told once.
#pragma once

#include <array>
#include <cstdlib>
#include <memory>
#include <vector>

#include "kernel/devices/network/driver.hpp"
#include "tests/fuzz/virtio/input.hpp"

namespace toro::network::test {

using virtio::test::Input;

inline void require(bool holds) {
  if (!holds) std::abort();
}

class User {
 public:
  static constexpr std::size_t kBuffers = 40;
  static constexpr std::uint8_t kSteps = 7;

  User(Driver& driver, Input& input) : driver_(driver), input_(input) {
    pool_.add(buffers_, {memory_.get(), kBuffers * kBufferSize});
  }
  bool start() { return driver_.start({.receive_checksum = true}, pool_, counters_).has_value(); }

  void step(std::uint8_t what) {
    switch (what) {
      case 0:
      case 1:
        return receive();
      case 2:
        return send();
      case 3:
        if (!kept_.empty()) kept_.erase(kept_.begin() + input_.byte() % static_cast<std::ptrdiff_t>(kept_.size()));
        return;
      case 4:
        static_cast<void>(driver_.on_interrupt());
        return;
      case 5:
        static_cast<void>(driver_.listen({.receive = (input_.byte() & 1) != 0, .transmit = true}));
        return;
      default:
        driver_.kick();
        driver_.reclaim();
        driver_.read_counters();
    }
  }

 private:
  struct Told : Completion {
    bool under_way = false;
    std::array<std::byte, 256> data{};
  };

  void receive() {
    Frame frame = driver_.receive();
    if (!frame) return;
    require(frame.size() >= kHeaderSize && frame.size() <= kUsualMtu + kHeaderSize + kTagSize);
    std::vector<std::byte> copy(frame.size());
    frame.copy_to(copy);
    kept_.push_back(std::move(frame));
    require(kept_.size() + pool_.free() <= kBuffers);
  }

  void send() {
    Told& told = told_[next_++ % told_.size()];
    if (told.under_way) return;
    told.done = [](Completion& self) {
      auto& done = static_cast<Told&>(self);
      require(done.under_way);
      done.under_way = false;
    };
    const std::span<const std::byte> data = told.data;
    const std::array<std::span<const std::byte>, 3> parts{data.first(60), data.subspan(60, 1), data.subspan(70, 100)};
    told.under_way = true;
    const Transmit frame{.parts = std::span(parts).first(1 + input_.byte() % parts.size()), .completion = &told};
    if (driver_.transmit(frame) != Driver::Result::taken) told.under_way = false;
  }

  Driver& driver_;
  Input& input_;
  std::vector<Buffer> buffers_ = std::vector<Buffer>(kBuffers);
  std::unique_ptr<std::byte[]> memory_ = std::make_unique<std::byte[]>(kBuffers * kBufferSize);
  BufferPool pool_;
  NetworkCounters counters_;
  std::vector<Frame> kept_;
  std::array<Told, 24> told_;
  std::size_t next_ = 0;
};

}  // namespace toro::network::test
