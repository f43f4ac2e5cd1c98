// A hostile block device: right and wrong completions, statuses, configuration and ring contents, in any order with
// the driver's own calls. Each request ends once, and its data is the device's only while it is in flight.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "kernel/devices/virtio/block.hpp"
#include "tests/fuzz/virtio/input.hpp"
#include "tests/unit/virtio/fake_disk.hpp"

using namespace toro::virtio;
using toro::BlockOperation;
using toro::BlockRequest;
using toro::block::RequestQueue;
using toro::virtio::test::FakeTransport;
using toro::virtio::test::Input;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// A request with data of its own, which the sanitizer watches.
struct Request : BlockRequest {
  std::vector<std::vector<std::byte>> memory;
  std::vector<std::span<std::byte>> segments;
  bool over = true;
};

class Device {
 public:
  explicit Device(Input& input) : input_(input) {
    transport.device_type = DeviceType::block;
    transport.offered.bits |= std::uint64_t{input.word()} & 0xff'ffff;
    const std::uint8_t shape = input.byte();
    if ((shape & 1) != 0) transport.offered = transport.offered.with(Feature::indirect_descriptors);
    if ((shape & 2) != 0) transport.offered = transport.offered.with(Feature::event_index);
    if ((shape & 4) != 0) transport.queues[0].limit = input.byte();
    if ((shape & 8) != 0) transport.generation = [this] { return input_.byte() & 1U; };
    transport.configuration[1] = 4;    // capacity
    transport.configuration[12] = 20;  // segments
    transport.configuration[21] = 2;   // block size
    transport.configuration[10] = 1;   // segment size
    transport.configuration[36] = 8;
    transport.configuration[48] = 8;
    for (std::uint8_t i = input.byte() % 8; i > 0; --i) transport.configuration[input.byte() % 60U] = input.byte();
  }

  void step(std::uint8_t what) {
    FakeTransport::Queue& queue = transport.queues[0];
    if (!queue.enabled) return taken_.clear();
    while (intact_) {
      auto chain = transport.pop(0);
      if (!chain) break;
      for (const auto part : chain->readable)
        if (is_honest_ || may_touch(part))
          for (const std::byte byte : part) sum_ += std::to_integer<unsigned>(byte);
      taken_.push_back(std::move(*chain));
    }
    is_honest_ = is_honest_ && (what < 2 || what > 4) && what != 6;
    switch (what) {
      case 0:
      case 1: {  // as a good device does, with a status of the fuzzer's
        if (taken_.empty()) return;
        const std::size_t which = input_.byte() % taken_.size();
        const auto chain = taken_[which];
        taken_.erase(taken_.begin() + static_cast<std::ptrdiff_t>(which));
        if (!is_honest_ && !std::ranges::all_of(chain.writable, may_touch)) return;
        std::uint32_t size = 0;
        for (const auto part : chain.writable) size += static_cast<std::uint32_t>(part.size());
        std::vector<std::byte> answer(size, static_cast<std::byte>(input_.byte()));
        if (what == 0) answer.back() = {};
        return transport.push(0, chain.head, chain.fill(answer));
      }
      case 2:
        return transport.push(0, input_.byte() % 130U, input_.byte() * 16U);
      case 3:
        return transport.push(0, input_.word(), input_.word());
      case 4:
        return transport.set_used_index(0, static_cast<std::uint16_t>(input_.word()));
      case 5:
        queue.wanted_index() = static_cast<std::uint16_t>(input_.word());
        return;
      case 6:
        intact_ = false;
        std::memset(queue.descriptors(), input_.byte(), queue.at.size * sizeof(Descriptor));
        return;
      default:
        transport.configuration[input_.byte() % 60U] = input_.byte();
        transport.pending = {.queue = (input_.byte() & 1) != 0, .configuration = true};
        if ((input_.byte() & 15) == 15) transport.current = transport.current.with(StatusBit::device_needs_reset);
    }
  }

  FakeTransport transport;
  /// Whether memory is the driver's or a request's that is not over. A device that has lied asks first, for no driver
  /// can keep it from touching what it has said to be done with; an honest one finds all that it was given.
  std::function<bool(std::span<const std::byte>)> may_touch = [](auto) { return true; };

 private:
  Input& input_;
  bool intact_ = true;
  bool is_honest_ = true;  ///< has said nothing to be done that it was not
  unsigned sum_ = 0;
  std::vector<FakeTransport::Chain> taken_;
};

void ask(Request& request, RequestQueue& requests, Input& input) {
  require(request.over);
  request.memory.clear();
  request.segments.clear();
  request.operation = static_cast<BlockOperation>(input.byte() % 5);
  request.sector = input.byte() * 5U;
  request.count = input.byte();
  for (std::uint8_t i = input.byte() % 5; i > 0; --i) request.memory.emplace_back(input.byte() % 9U * 512U);
  for (auto& part : request.memory) request.segments.emplace_back(part);
  request.data = request.segments;
  request.over = false;
  request.flight.next = nullptr;
  requests.add(request);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  Device device(input);
  const auto driver = std::make_unique<Block>();
  const auto properties = driver->start(device.transport);
  if (!properties) return 0;
  for (int i = input.byte() % 4; i > 0; --i) {
    device.step(input.byte() % 8);
    driver->poll();
  }
  std::vector<Request> all(24);
  device.may_touch = [&](std::span<const std::byte> part) {
    const auto is_in = [part](std::span<const std::byte> memory) {
      return part.data() >= memory.data() && part.data() + part.size() <= memory.data() + memory.size();
    };
    return is_in(std::as_bytes(std::span(driver.get(), 1))) ||
           std::ranges::any_of(all, [&](const Request& r) { return !r.over && std::ranges::any_of(r.memory, is_in); });
  };
  RequestQueue requests(*driver, *properties, [](RequestQueue&, BlockRequest& ended) {
    auto& request = static_cast<Request&>(ended);
    require(!request.over);
    request.over = true;
  });
  driver->serve(requests);
  while (!input.empty()) {
    const std::uint8_t what = input.byte() % 16;
    if (what < 8) {
      device.step(what);
    } else if (what < 11) {
      driver->on_interrupt();
    } else if (what == 11) {
      driver->poll();
    } else if (Request& request = all[input.byte() % all.size()]; request.over) {
      ask(request, requests, input);
    }
  }
  requests.break_down();
  for (const Request& request : all) require(request.over);
  return 0;
}
