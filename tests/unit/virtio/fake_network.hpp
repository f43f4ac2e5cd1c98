// A network device on the fake transport, and a driver on it, with all its memory.
#pragma once

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "kernel/devices/virtio/network.hpp"
#include "tests/unit/network/support.hpp"
#include "tests/unit/virtio/fake_transport.hpp"

namespace toro::virtio::test {

inline constexpr MacAddress kMac{{0x52, 0x54, 0, 0x12, 0x34, 0x56}};

class FakeNetwork {
 public:
  static constexpr Features kIdentity =
      Features{}.with(Feature::version1).with(NetworkFeature::mac).with(NetworkFeature::status);
  static constexpr Features kEverything = Features{kIdentity}
                                              .with(NetworkFeature::checksum)
                                              .with(NetworkFeature::guest_checksum)
                                              .with(NetworkFeature::mtu)
                                              .with(NetworkFeature::guest_tso4)
                                              .with(NetworkFeature::guest_tso6)
                                              .with(NetworkFeature::host_tso4)
                                              .with(NetworkFeature::host_tso6)
                                              .with(NetworkFeature::merged_buffers)
                                              .with(NetworkFeature::control_queue)
                                              .with(NetworkFeature::multi_queue);

  explicit FakeNetwork(Features features = kIdentity) : FakeNetwork(FakeTransport(), features) {}
  explicit FakeNetwork(const LegacyQueues& queues, Features features) : FakeNetwork(FakeTransport(queues), features) {}
  FakeNetwork(FakeTransport made, Features features) : transport(std::move(made)) {
    transport.device_type = DeviceType::network;
    transport.offered = features;
    std::ranges::copy(kMac.bytes, transport.configuration.begin());
    set(kNetworkStatusOffset, 1);
    set(kNetworkPairsOffset, 1);
    set(kNetworkMtuOffset, 1500);
  }

  void set(std::uint32_t offset, std::uint16_t value) {
    std::memcpy(transport.configuration.data() + offset, &value, sizeof value);
  }
  void set_link(LinkState state) {
    set(kNetworkStatusOffset, state == LinkState::up ? 1 : 0);
    transport.pending.configuration = true;
  }

  /// Puts a frame into as many of the driver's buffers as it takes; false where there are too few.
  bool deliver(std::span<const std::byte> frame, NetworkHeader header = {}, std::uint16_t queue = 0) {
    std::vector<FakeTransport::Chain> chains;
    std::vector<std::uint32_t> written;
    std::vector<std::byte> data(sizeof header);
    data.insert(data.end(), frame.begin(), frame.end());
    for (std::size_t done = 0; done < data.size();) {
      auto chain = transport.pop(queue);
      if (!chain) return false;
      written.push_back(chain->fill(std::span(data).subspan(done)));
      done += written.back();
      chains.push_back(std::move(*chain));
    }
    if (header.buffers == 0) header.buffers = static_cast<std::uint16_t>(chains.size());
    std::memcpy(chains.front().writable.front().data(), &header, sizeof header);
    for (std::size_t i = 0; i < chains.size(); ++i) transport.push(queue, chains[i].head, written[i]);
    return true;
  }

  struct Sent {
    NetworkHeader header;
    std::vector<std::byte> frame;
    std::uint16_t head = 0;
  };
  /// The next frame that the driver sent, completed or not.
  std::optional<Sent> take(std::uint16_t queue = 1, bool complete = true) {
    auto chain = transport.pop(queue);
    if (!chain) return std::nullopt;
    Sent sent{.header = {}, .frame = chain->data(), .head = chain->head};
    std::memcpy(&sent.header, sent.frame.data(), sizeof sent.header);
    sent.frame.erase(sent.frame.begin(), sent.frame.begin() + sizeof sent.header);
    if (complete) transport.push(queue, chain->head, 0);
    return sent;
  }

  FakeTransport transport;
};

}  // namespace toro::virtio::test
