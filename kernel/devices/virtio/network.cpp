// A virtio network device. [virtio 1.2 §5.1]
#include "kernel/devices/virtio/network.hpp"

#include <algorithm>
#include <utility>

#include "kernel/devices/virtio/initialization.hpp"

namespace toro::virtio {

using network::Offloads;

namespace {

/// What one buffer holds, for devices that use one only.
constexpr std::size_t kMostMtuOfBuffer =
    network::kBufferSize - sizeof(NetworkHeader) - network::kHeaderSize - network::kTagSize;

constexpr Features kIdentityFeatures =
    Features{}.with(NetworkFeature::mac).with(NetworkFeature::status).with(NetworkFeature::mtu);
constexpr Features kOffloadFeatures = Features{}
                                          .with(NetworkFeature::checksum)
                                          .with(NetworkFeature::guest_checksum)
                                          .with(NetworkFeature::guest_tso4)
                                          .with(NetworkFeature::guest_tso6)
                                          .with(NetworkFeature::host_tso4)
                                          .with(NetworkFeature::host_tso6)
                                          .with(NetworkFeature::merged_buffers);
/// That are taken where they are offered, whatever is wanted.
constexpr Features kRingFeatures = Features{}.with(NetworkFeature::merged_buffers).with(Feature::event_index);
constexpr Features kPairFeatures = Features{}.with(NetworkFeature::control_queue).with(NetworkFeature::multi_queue);

/// A legacy device's header has the length that this driver knows with merged buffers alone, and lies in one descriptor
/// with the frame where any layout will do. [virtio 1.2 §5.1.6.1, §5.1.6.6]
Features required_of(const Transport& transport) {
  constexpr Features kLegacy = Features{}.with(NetworkFeature::merged_buffers).with(Feature::any_layout);
  return transport.legacy() ? kLegacy : Features{};
}

/// What features mean: those that need another count only with it. [virtio 1.2 §5.1.3.1]
Offloads offloads_of(Features features) {
  const bool transmit = features.has(NetworkFeature::checksum);
  const bool receive = features.has(NetworkFeature::guest_checksum);
  return {.transmit_checksum = transmit,
          .receive_checksum = receive,
          .segmentation_v4 = transmit && features.has(NetworkFeature::host_tso4),
          .segmentation_v6 = transmit && features.has(NetworkFeature::host_tso6),
          .merging = receive && features.has(NetworkFeature::merged_buffers) &&
                     features.has(NetworkFeature::guest_tso4) && features.has(NetworkFeature::guest_tso6)};
}

Features features_for(const Offloads& wanted) {
  Features features = kRingFeatures;
  if (wanted.transmit_checksum) features = features.with(NetworkFeature::checksum);
  if (wanted.transmit_checksum && wanted.segmentation_v4) features = features.with(NetworkFeature::host_tso4);
  if (wanted.transmit_checksum && wanted.segmentation_v6) features = features.with(NetworkFeature::host_tso6);
  if (wanted.receive_checksum) features = features.with(NetworkFeature::guest_checksum);
  if (wanted.receive_checksum && wanted.merging)
    features = features.with(NetworkFeature::guest_tso4).with(NetworkFeature::guest_tso6);
  return features;
}

}  // namespace

void Network::use(std::span<NetworkQueuePair> pairs) {
  pairs_ = pairs;
  std::uint16_t number = 0;
  for (NetworkQueuePair& pair : pairs_) {
    pair.device_ = this;
    pair.number_ = number++;
  }
}

/// Of any pair's core.
void Network::fail(Error error) {
  std::optional<Error> none;
  if (!failure_.compare_exchange_strong(none, error)) return;
  static_cast<void>(give_up(*transport_, error));  // it leaves memory alone from now on
}

std::expected<void, Error> Network::prepare(Transport& transport, MacAddress otherwise) {
  transport_ = &transport;
  if (transport.type() != DeviceType::network) return std::unexpected(Error::wrong_device_type);
  const auto features =
      negotiate(transport, kIdentityFeatures | kOffloadFeatures | kPairFeatures, required_of(transport));
  if (!features) return give_up(transport, features.error());
  if (const auto read = read_identity(*features, otherwise); !read) return give_up(transport, read.error());
  offers_ = offloads_of(*features);
  transport.reset();
  return {};
}

std::expected<void, Error> Network::read_identity(Features features, MacAddress otherwise) {
  struct Read {
    MacAddress mac;
    std::uint16_t pairs = 1;
    std::uint16_t mtu = network::kUsualMtu;
  };
  auto read = transport_->read_configuration([&](Transport& t) {
    Read value{.mac = otherwise};
    if (features.has(NetworkFeature::mac))
      for (std::uint32_t i = 0; i < value.mac.bytes.size(); ++i)
        value.mac.bytes[i] = t.configuration8(kNetworkMacOffset + i);
    if (features.contains(kPairFeatures)) value.pairs = t.configuration16(kNetworkPairsOffset);
    if (features.has(NetworkFeature::mtu)) value.mtu = t.configuration16(kNetworkMtuOffset);
    return value;
  });
  if (!read) return std::unexpected(read.error());
  const bool is_group = (read->mac.bytes[0] & 1) != 0;
  if (is_group || read->mac == MacAddress{} || read->mtu < kNetworkLeastMtu || read->pairs == 0 ||
      read->pairs > kNetworkMostPairs)
    return std::unexpected(Error::configuration_invalid);
  identity_.mac = read->mac;
  identity_.mtu = read->mtu;
  if (!features.has(NetworkFeature::merged_buffers)) identity_.mtu = std::min(identity_.mtu, kMostMtuOfBuffer);
  device_pairs_ = read->pairs;
  useful_pairs_ = std::min(device_pairs_, kMostPairs);
  return {};
}

/// Has the device work with its first pair; with the others when command_pairs() says so.
std::expected<void, Error> Network::start(Offloads wanted) {
  Features features = kIdentityFeatures | features_for(wanted & offers_);
  if (pairs_.size() > 1) features = features | kPairFeatures;
  const auto agreed =
      initialize(*transport_, features, required_of(*transport_), [this](Features f) { return set_up(f); });
  if (!agreed) {
    failure_ = agreed.error();
    return std::unexpected(agreed.error());
  }
  link_ = read_link();
  return {};
}

std::expected<void, Error> Network::set_up(Features features) {
  agreed_ = features;
  active_ = offloads_of(features);
  const std::size_t pairs = features.contains(kPairFeatures) ? pairs_.size() : 1;
  for (NetworkQueuePair& pair : pairs_.first(pairs))
    if (const auto done = pair.set_up(); !done) return done;
  if (pairs == 1) return {};
  return set_up_ring(receive_queue(device_pairs_), control_, control_memory_.view());
}

std::expected<void, Error> Network::set_up_ring(std::uint16_t index, EventQueue& queue, const QueueView& memory) {
  const auto done = set_up_queue(*transport_, index, queue, memory);
  if (done) queue.use(agreed_, {}, 0);
  return done;
}

std::expected<void, Error> NetworkQueuePair::set_up() {
  if (const auto done = device_->set_up_ring(receive_queue(number_), receive_, receive_memory_.view()); !done)
    return done;
  if (const auto done = device_->set_up_ring(transmit_queue(number_), transmit_, transmit_memory_.view()); !done)
    return done;
  receive_.ignore();
  transmit_.ignore();
  free_slot_count_ = std::min(transmit_.size(), kSize);  // a legacy ring may be longer
  for (std::uint16_t i = 0; i < free_slot_count_; ++i) free_slots_[i] = static_cast<std::uint8_t>(i);
  return {};
}

/// Asks the device to use `count` pairs, or looks whether it has answered. [virtio 1.2 §5.1.6.5.5]
std::optional<bool> Network::command_pairs(std::uint16_t count) {
  constexpr std::uint8_t kUnanswered = 0xff;
  if (!works()) return false;
  if (!std::exchange(has_command_, true)) {
    command_ = {.pairs = count};
    command_result_ = kUnanswered;
    const auto command = std::as_bytes(std::span(&command_, 1));
    const auto result = std::as_writable_bytes(std::span(&command_result_, 1));
    if (!control_.submit(std::span(&command, 1), std::span(&result, 1), 0)) return false;
    if (control_.publish()) transport_->notify(receive_queue(device_pairs_));
  }
  const auto completion = control_.poll();
  if (!completion) {
    fail(completion.error());
    return false;
  }
  if (!*completion) return std::nullopt;
  return *const_cast<const volatile std::uint8_t*>(&command_result_) == kControlOk;
}

LinkState Network::read_link() {
  if (!agreed_.has(NetworkFeature::status)) return LinkState::up;
  return (transport_->configuration16(kNetworkStatusOffset) & kNetworkLinkUp) != 0 ? LinkState::up : LinkState::down;
}

network::Driver::Identity NetworkQueuePair::identity() const {
  return device_->identity_;
}
Offloads NetworkQueuePair::offers() const {
  return device_->offers_;
}
LinkState NetworkQueuePair::link() {
  return device_->link_.load(std::memory_order_relaxed);
}
std::string_view NetworkQueuePair::failure() const {
  const auto error = device_->error();
  return error ? describe(*error) : std::string_view{};
}

void NetworkQueuePair::fail(Error error) {
  device_->fail(error);
}

std::expected<Offloads, NetworkError> NetworkQueuePair::start(Offloads wanted, network::BufferPool& pool,
                                                              NetworkCounters& counters) {
  pool_ = &pool;
  counters_ = &counters;
  if (number_ == 0 && !device_->start(wanted)) return std::unexpected(NetworkError::device_failed);
  started_ = true;
  refill();
  if (!works()) return std::unexpected(NetworkError::device_failed);
  return device_->active_;
}

std::optional<bool> NetworkQueuePair::use_queues(std::size_t count) {
  return device_->command_pairs(static_cast<std::uint16_t>(count));
}

network::Events NetworkQueuePair::listen(network::Events events) {
  if (!works()) return events;
  network::Events there;
  if (events.receive) {
    refill();
    there.receive = receive_.listen();
  }
  if (events.transmit) there.transmit = transmit_.listen();
  return there;
}

std::optional<network::Events> NetworkQueuePair::on_interrupt() {
  // A queue is due once: if the line stays high for another reason, the next interrupt asks for that.
  const bool is_expected = works() && is_due();
  const InterruptCause cause = number_ != 0  ? InterruptCause{.queue = true, .configuration = false}
                               : is_expected ? device_->transport_->take_expected_interrupt()
                                             : device_->transport_->take_interrupt();
  if (!cause.queue && !cause.configuration) return std::nullopt;
  if (!works()) return network::Events{};
  const auto take = [&cause](EventQueue& queue) {
    const bool is_due = cause.queue && queue.is_due();
    if (is_due) queue.ignore();
    return is_due;
  };
  network::Events events{.receive = take(receive_), .transmit = take(transmit_), .link = false};
  if (cause.configuration) {
    if (device_->transport_->status().has(StatusBit::device_needs_reset)) {
      fail(Error::device_needs_reset);
      return network::kAllEvents;
    }
    const LinkState before = link();
    device_->link_ = device_->read_link();
    events.link = link() != before;
  }
  return events;
}

}  // namespace toro::virtio
