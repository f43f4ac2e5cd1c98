// A hostile host behind a socket device: packets with any header, in any order with the guest's own calls; completions,
// rings and a configuration that break the rules. The guest may not touch foreign memory, hang, send what its peer has
// no room for, or keep more than it promised.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "kernel/devices/virtio/vsock.hpp"
#include "kernel/network/vsock/streams.hpp"
#include "tests/fuzz/virtio/input.hpp"
#include "tests/unit/virtio/fake_transport.hpp"

using namespace toro;
using namespace toro::virtio;
using toro::virtio::test::FakeTransport;
using toro::virtio::test::Input;

namespace {

constexpr std::size_t kMemory = std::size_t{256} << 10;
constexpr std::uint16_t kQueues = 3;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Link final : vsock::Link {
  Vsock device;
  std::uint64_t time = 0;

  std::uint32_t cid() override { return device.cid(); }
  std::uint64_t now() override { return time; }
  std::uint64_t random() override { return 1; }
  std::size_t room() override { return device.room(); }
  void transmit(const VsockHeader& header, vsock::Bytes payload) override {
    require(header.length == payload.size() && header.buffer_space <= vsock::Connection::kMostSpace);
    static_cast<void>(device.transmit(header, payload));
  }
};

struct Observer final : inet::Observer {
  void changed() override {}
};

class HostileHost {
 public:
  explicit HostileHost(Input& input) : input_(input) {
    transport.device_type = DeviceType::socket;
    transport.configuration[0] = 3;
    const std::uint8_t shape = input_.byte();
    if ((shape & 1) != 0) transport.offered = transport.offered.with(Feature::event_index);
    if ((shape & 2) != 0)
      for (std::uint16_t i = 0; i < kQueues; ++i) transport.queues[i].limit = input_.byte();
    if ((shape & 4) != 0) transport.configuration[input_.byte() % 8] = input_.byte();
    if ((shape & 8) != 0) transport.generation = [this] { return input_.byte() & 1U; };
  }

  void step(std::uint8_t what) {
    switch (what) {
      case 0:
      case 1:
      case 2:
      case 3:
        return send_packet();
      case 4:
        return take_packets();
      case 5:
        return push(kVsockEventQueue, {}, input_.byte() % 6U);
      case 6:
        return break_a_ring();
      default:
        transport.pending = {.queue = true, .configuration = (input_.byte() & 1) != 0};
        if ((input_.byte() & 31) == 31) transport.current = transport.current.with(StatusBit::device_needs_reset);
    }
  }

  FakeTransport transport;

 private:
  bool usable(std::uint16_t index) { return intact_ && transport.queues[index].enabled; }

  void push(std::uint16_t index, std::span<const std::byte> bytes, std::uint32_t written) {
    if (!usable(index)) return;
    if (const auto chain = transport.pop(index)) {
      const std::uint32_t filled = chain->fill(bytes);
      transport.push(index, chain->head, bytes.empty() ? written : filled);
    }
  }

  void send_packet() {
    const std::uint8_t shape = input_.byte();
    VsockHeader header{.source_cid = kVsockHostCid, .destination_cid = 3, .buffer_space = 1 << 16};
    header.operation = static_cast<VsockOperation>(input_.byte() % 9);
    header.source_port = input_.byte() % 4;
    header.destination_port = input_.byte() % 4;
    header.flags = input_.byte() & 7;
    std::vector<std::byte> packet(sizeof header + input_.byte() * std::size_t{(shape & 1) != 0 ? 64U : 1U});
    header.length = static_cast<std::uint32_t>(packet.size() - sizeof header);
    if ((shape & 2) != 0) header.forwarded = input_.word();
    if ((shape & 4) != 0) header.buffer_space = input_.word();
    if ((shape & 8) != 0) header.length = input_.word();
    if ((shape & 16) != 0) header.type = static_cast<VsockType>(input_.byte());
    if ((shape & 32) != 0) header.source_cid = input_.byte();
    if ((shape & 64) != 0) header.destination_cid = std::uint64_t{input_.word()} << 16;
    std::memcpy(packet.data(), &header, sizeof header);
    if ((shape & 128) != 0) packet.resize(input_.byte() % (packet.size() + 1));
    push(kVsockReceiveQueue, packet, 0);
  }

  void take_packets() {
    while (usable(kVsockTransmitQueue)) {
      const auto chain = transport.pop(kVsockTransmitQueue);
      if (!chain) return;
      for (const std::byte byte : chain->data()) sum_ += std::to_integer<unsigned>(byte);
      transport.push(kVsockTransmitQueue, chain->head, 0);
    }
  }

  void break_a_ring() {
    const std::uint16_t index = input_.byte() % kQueues;
    FakeTransport::Queue& queue = transport.queues[index];
    if (!queue.enabled) return;
    switch (input_.byte() % 4) {
      case 0:
        return transport.push(index, input_.word() % 32, input_.word());
      case 1:
        return transport.set_used_index(index, static_cast<std::uint16_t>(input_.word()));
      case 2:
        std::atomic_ref(queue.used()->flags).store(input_.byte());
        return;
      default:
        intact_ = false;
        std::memset(queue.descriptors(), input_.byte(), queue.at.size * sizeof(Descriptor));
    }
  }

  Input& input_;
  bool intact_ = true;
  unsigned sum_ = 0;
};

/// Connections that the guest has, and what it does with them.
class Guest {
 public:
  Guest(Input& input, Link& link) : input_(input), link_(link), streams_(link, kMemory) {
    for (std::uint32_t number = 0; number < 2; ++number) {
      ports_[number] = *streams_.bind(number, &observer_);
      ports_[number]->listen(number + 1);
    }
  }
  ~Guest() {
    for (auto* const port : ports_) inet::dispose(port);
    for (auto* const connection : connections_)
      if (connection != nullptr) connection->close();
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  void take_packets() {
    if (link_.device.take_transport_reset()) streams_.reset();
    for (int i = 0; i < 64 && link_.device.room() != 0; ++i) {
      const auto packet = link_.device.receive();
      if (!packet) break;
      streams_.input(packet->header, packet->payload);
    }
    if (link_.device.stopped()) streams_.reset();
    settle();
  }

  void call() {
    const std::uint8_t what = input_.byte() % 10;
    vsock::Connection*& connection = connections_[input_.byte() % connections_.size()];
    if (what == 0 && connection == nullptr) {
      if (auto accepted = ports_[input_.byte() & 1]->accept()) connection = *accepted;
    } else if (what == 1 && connection == nullptr) {
      auto begun =
          streams_.connect(2 + (input_.byte() & 1U), {kVsockHostCid, input_.byte() % 4U}, &observer_, input_.byte());
      if (begun) connection = *begun;
    } else if (what == 2) {
      link_.time += std::uint64_t{input_.byte()} << 27;
      streams_.run_timers();
    } else if (connection != nullptr) {
      use(connection, what);
    }
    settle();
    require(streams_.memory_left() <= kMemory);
  }

 private:
  void settle() {
    streams_.pump();
    link_.device.flush();
    static_cast<void>(link_.device.listen(streams_.wants_room()));
  }

  void use(vsock::Connection*& connection, std::uint8_t what) {
    std::array<std::byte, 40000> data{};
    const std::span<std::byte> part = std::span(data).first(input_.byte() * std::size_t{150});
    require(connection->readable_bytes() <= vsock::Connection::kMostSpace);
    switch (what) {
      case 3:
      case 4: {
        const auto count = connection->send(part);
        require(!count || *count <= part.size());
        return;
      }
      case 5:
      case 6: {
        const auto count =
            connection->receive(part, what == 5 ? vsock::Connection::Take::away : vsock::Connection::Take::only_look);
        require(!count || *count <= part.size());
        return;
      }
      case 7:
        if ((input_.byte() & 1) != 0)
          connection->shutdown_sending();
        else
          connection->shutdown_receiving();
        static_cast<void>(connection->is_writable());
        return;
      case 8:
        return std::exchange(connection, nullptr)->abort();
      default:
        return std::exchange(connection, nullptr)->close();
    }
  }

  Input& input_;
  Link& link_;
  Observer observer_;
  vsock::Streams streams_;
  std::array<vsock::Port*, 2> ports_{};
  std::array<vsock::Connection*, 4> connections_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  HostileHost host(input);
  const auto link = std::make_unique<Link>();
  if (!link->device.start(host.transport)) return 0;
  Guest guest(input, *link);
  while (!input.empty()) {
    const std::uint8_t what = input.byte() % 16;
    if (what < 8) {
      host.step(what);
    } else if (what < 11) {
      link->device.on_interrupt();
      guest.take_packets();
    } else {
      guest.call();
    }
  }
  return 0;
}
