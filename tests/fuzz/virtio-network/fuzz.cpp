// A hostile network device: right and wrong completions, headers, configuration and ring contents, in any order with
// the driver's own calls. The driver may not touch foreign memory, hang, hand out a frame that is not within its
// buffers, lose a buffer while the device keeps its promises, or tell a completion twice.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "kernel/devices/virtio/network.hpp"
#include "tests/fuzz/virtio/input.hpp"
#include "tests/unit/virtio/fake_transport.hpp"

using namespace toro;
using namespace toro::virtio;
using toro::virtio::test::FakeTransport;
using toro::virtio::test::Input;

namespace {

constexpr std::size_t kBuffers = 40;
constexpr std::uint16_t kQueues = 9;

void require(bool holds) {
  if (!holds) std::abort();
}

class HostileDevice {
 public:
  explicit HostileDevice(Input& input) : input_(input) {
    transport.device_type = DeviceType::network;
    const std::uint8_t shape = input_.byte();
    transport.offered = Features{input_.word()}.with(Feature::version1);
    transport.configuration = {0x52, 0x54, 0, 1, 2, 3, 1, 0, input_.byte(), 0, 0xdc, 5};
    transport.configuration.resize(64);
    for (std::uint16_t i = 0; i < kQueues; ++i) transport.queues[i].limit = 16;
    if ((shape & 1) != 0) transport.configuration[input_.byte() % 12] = input_.byte();
    if ((shape & 2) != 0) transport.accepts_features = input_.byte() != 0;
    if ((shape & 4) != 0) transport.queues[input_.byte() % kQueues].limit = input_.byte();
    if ((shape & 8) != 0) transport.generation = [this] { return input_.byte() & 1U; };
    if ((shape & 16) != 0)
      transport.on_notify = [this](std::uint16_t queue) {
        if (queue != 2 * transport.configuration[8] || !intact_) return;
        const auto chain = transport.pop(queue);
        if (!chain || chain->writable.empty()) return;
        chain->writable.front()[0] = static_cast<std::byte>(input_.byte() & 1);
        transport.push(queue, chain->head, 1);
      };
  }

  void step(std::uint8_t what) {
    const std::uint16_t index = input_.byte() % kQueues;
    FakeTransport::Queue& queue = transport.queues[index];
    if (!queue.enabled) return;
    collect(index);
    auto& taken = taken_[index];
    switch (what) {
      case 0:
      case 1: {  // as a good device does; the header is made of good parts, or of any
        if (taken.empty()) return;
        const std::size_t count = std::min<std::size_t>(taken.size(), 1 + input_.byte() % 3);
        NetworkHeader header{.flags = static_cast<std::uint8_t>(input_.byte() & 3),
                             .buffers = static_cast<std::uint16_t>(count)};
        if (what == 1) {
          const auto any = input_.take(sizeof header);
          std::memcpy(&header, any.data(), any.size());
        }
        if (!taken.front().writable.empty()) taken.front().fill(std::as_bytes(std::span(&header, 1)));
        for (std::size_t i = 0; i < count; ++i) {
          std::uint32_t space = 0;
          for (const auto part : taken[i].writable) space += static_cast<std::uint32_t>(part.size());
          transport.push(index, taken[i].head, std::min(space, input_.byte() * 9U));
        }
        taken.erase(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(count));
        return;
      }
      case 2:
        transport.push(index, input_.byte() % 32U, input_.byte() * 16U);
        return;
      case 3:
        transport.push(index, input_.word(), input_.word());
        return;
      case 4:
        transport.set_used_index(index, static_cast<std::uint16_t>(input_.word()));
        return;
      case 5:
        intact_ = false;
        std::memset(queue.descriptors(), input_.byte(), queue.at.size * sizeof(Descriptor));
        std::memset(queue.available(), input_.byte(), 4U + 2U * queue.at.size);
        return;
      case 6:  // data changes while the driver has it
        for (const auto& chain : taken)
          for (auto part : chain.writable) std::memset(part.data(), input_.byte(), part.size());
        transport.configuration[6] = input_.byte();
        transport.pending = {.queue = true, .configuration = (input_.byte() & 1) != 0};
        if ((input_.byte() & 7) == 7) transport.current = transport.current.with(StatusBit::device_needs_reset);
        return;
      default:
        return;
    }
  }

  FakeTransport transport;

 private:
  void collect(std::uint16_t index) {
    if (!intact_) return;
    while (auto chain = transport.pop(index)) {
      for (std::byte byte : chain->data()) sum_ += std::to_integer<unsigned>(byte);  // seen by the sanitizers
      taken_[index].push_back(std::move(*chain));
    }
  }

  Input& input_;
  bool intact_ = true;
  unsigned sum_ = 0;
  std::array<std::vector<FakeTransport::Chain>, kQueues> taken_;
};

class User {
 public:
  User(std::span<NetworkQueuePair> pairs, network::BufferPool& pool, Input& input)
      : pairs_(pairs), pool_(pool), input_(input) {}

  void step(std::uint8_t what) {
    if (pairs_.size() > 1) pair_ = input_.byte() % pairs_.size();
    switch (what) {
      case 0:
        return receive();
      case 1:
        return send();
      case 2:
        if (!kept_.empty()) kept_.erase(kept_.begin() + input_.byte() % static_cast<std::ptrdiff_t>(kept_.size()));
        return;
      case 3:
        static_cast<void>(pairs_[pair_].on_interrupt());
        return;
      case 4:
        static_cast<void>(pairs_[pair_].listen({.receive = (input_.byte() & 1) != 0, .transmit = true}));
        return;
      default:
        pairs_[pair_].kick();
        pairs_[pair_].reclaim();
    }
  }

 private:
  struct Told : network::Completion {
    bool under_way = false;
    std::array<std::byte, 256> data{};
  };

  void receive() {
    network::Frame frame = pairs_[pair_].receive();
    if (!frame) return;
    require(frame.size() >= network::kHeaderSize && frame.size() <= 70'000);
    std::vector<std::byte> copy(frame.size());
    frame.copy_to(copy);
    std::size_t size = 0;
    for (const network::Buffer* part = frame.first(); part != nullptr; part = part->next) size += part->length;
    require(size == frame.size());
    const auto& description = frame.description();
    if (description.checksum == network::Frame::Checksum::partial)
      require(std::size_t{description.partial.start} + description.partial.offset + 2 <= size);
    kept_.push_back(std::move(frame));
    require(kept_.size() + pool_.free() <= kBuffers);
  }

  void send() {
    Told& told = told_[next_++ % told_.size()];
    if (told.under_way) return;
    told.done = [](network::Completion& self) {
      auto& done = static_cast<Told&>(self);
      require(done.under_way);
      done.under_way = false;
    };
    const std::span<const std::byte> data = std::span(told.data).subspan(network::kHeadroom);
    const std::array<std::span<const std::byte>, 3> parts{data.first(60), data.subspan(60, 1), data.subspan(70, 100)};
    network::Transmit frame{.parts = std::span(parts).first(1 + input_.byte() % parts.size())};
    const std::uint8_t kind = input_.byte();
    if ((kind & 1) != 0) frame.headroom = network::kHeadroom;
    if ((kind & 2) != 0) frame.has_partial_checksum = true;
    if ((kind & 4) != 0) frame.segmentation = network::Segmentation::tcp_v6;
    if ((kind & 8) != 0) frame.segment_size = 100;
    frame.completion = &told;
    told.under_way = true;
    if (pairs_[pair_].transmit(frame) != network::Driver::Result::taken) told.under_way = false;
  }

  std::span<NetworkQueuePair> pairs_;
  std::size_t pair_ = 0;  ///< of this step
  network::BufferPool& pool_;
  Input& input_;
  std::vector<network::Frame> kept_;
  std::array<Told, 24> told_;
  std::size_t next_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  HostileDevice device(input);
  const auto network = std::make_unique<Network>();
  if (!network->prepare(device.transport, {{2, 0, 0, 0, 0, 1}})) return 0;
  const auto pairs = std::make_unique<NetworkQueuePair[]>(network->useful_pairs());
  network->use({pairs.get(), network->useful_pairs()});
  std::vector<network::Buffer> buffers(kBuffers);
  const auto memory = std::make_unique<std::byte[]>(kBuffers * network::kBufferSize);
  network::BufferPool pool;
  pool.add(buffers, {memory.get(), kBuffers * network::kBufferSize});
  NetworkCounters counters;
  const std::uint8_t wanted = input.byte();
  const network::Offloads offloads{.transmit_checksum = (wanted & 1) != 0,
                                   .receive_checksum = (wanted & 2) != 0,
                                   .segmentation_v4 = (wanted & 4) != 0,
                                   .segmentation_v6 = (wanted & 8) != 0,
                                   .merging = (wanted & 16) != 0};
  if (!pairs[0].start(offloads, pool, counters)) return 0;
  const std::size_t used = network->useful_pairs() == 1 ? 1 : 1 + input.byte() % network->useful_pairs();
  for (std::size_t i = 1; i < used; ++i)
    if (!pairs[i].start(offloads, pool, counters)) return 0;
  if (used > 1) static_cast<void>(pairs[0].use_queues(used));
  User user({pairs.get(), used}, pool, input);
  while (!input.empty()) {
    const std::uint8_t what = input.byte() % 16;
    if (what < 7) {
      device.step(what);
    } else {
      user.step(static_cast<std::uint8_t>(what - 7));
    }
  }
  return 0;
}
