// A virtio network device. [virtio 1.2 §5.1]
#include "kernel/devices/virtio/network.hpp"

#include <algorithm>
#include <bit>

#include "kernel/devices/virtio/initialization.hpp"

namespace toro::virtio {

using network::Buffer;
using network::Frame;
using network::Offloads;
using network::Segmentation;
using network::Transmit;

namespace {

constexpr std::size_t kLongestFrame = 65'535 + network::kHeaderSize + network::kTagSize;
constexpr std::size_t kMostParts = (kLongestFrame + sizeof(NetworkHeader)) / network::kBufferSize + 2;
static_assert(network::kHeadroom >= sizeof(NetworkHeader));
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
constexpr Features kPairFeatures = Features{}.with(NetworkFeature::control_queue).with(NetworkFeature::multi_queue);

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
  Features features = Features{}.with(NetworkFeature::merged_buffers);
  if (wanted.transmit_checksum) features = features.with(NetworkFeature::checksum);
  if (wanted.transmit_checksum && wanted.segmentation_v4) features = features.with(NetworkFeature::host_tso4);
  if (wanted.transmit_checksum && wanted.segmentation_v6) features = features.with(NetworkFeature::host_tso6);
  if (wanted.receive_checksum) features = features.with(NetworkFeature::guest_checksum);
  if (wanted.receive_checksum && wanted.merging)
    features = features.with(NetworkFeature::guest_tso4).with(NetworkFeature::guest_tso6);
  return features;
}

/// The device may go on writing while the driver looks, so the compiler must not look again.
NetworkHeader read_once(const std::byte* memory) {
  struct Words {
    std::uint32_t word[sizeof(NetworkHeader) / 4];
  } copy{};
  const auto* words = reinterpret_cast<const volatile std::uint32_t*>(memory);
  for (std::size_t i = 0; i < std::size(copy.word); ++i) copy.word[i] = words[i];
  return std::bit_cast<NetworkHeader>(copy);
}

NetworkHeader header_of(const Transmit& frame) {
  NetworkHeader header;
  if (!frame.has_partial_checksum) return header;
  header.flags = kHeaderNeedsChecksum;
  header.checksum_start = frame.partial.start;
  header.checksum_offset = frame.partial.offset;
  if (frame.segmentation == Segmentation::none) return header;
  header.segmentation = frame.segmentation == Segmentation::tcp_v4 ? kSegmentationTcp4 : kSegmentationTcp6;
  header.segment_size = frame.segment_size;
  header.header_length = frame.header_length;
  return header;
}

/// The same for all frames of a connection, so that they keep their order: its addresses and ports are there.
std::size_t flow_of(const Transmit& frame) {
  constexpr std::size_t kBegin = 26, kEnd = 38;  // of IPv4
  std::size_t sum = 0;
  const auto first = frame.parts.front();
  for (std::size_t i = kBegin; i < std::min(kEnd, first.size()); ++i) sum += std::to_integer<std::size_t>(first[i]);
  return sum;
}

}  // namespace

void Network::fail(Error error) {
  if (failure_) return;
  failure_ = error;
  static_cast<void>(give_up(*transport_, error));  // it leaves memory alone from now on
}

std::expected<void, Error> Network::prepare(Transport& transport, MacAddress otherwise) {
  transport_ = &transport;
  if (transport.type() != DeviceType::network) return std::unexpected(Error::wrong_device_type);
  const auto features = negotiate(transport, kIdentityFeatures | kOffloadFeatures | kPairFeatures, {});
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

std::expected<Offloads, NetworkError> Network::start(Offloads wanted, network::BufferPool& pool,
                                                     NetworkCounters& counters) {
  pool_ = &pool;
  counters_ = &counters;
  Features features = kIdentityFeatures | features_for(wanted & offers_);
  if (pairs_.size() > 1) features = features | kPairFeatures;
  const auto agreed = initialize(*transport_, features, {}, [this](Features f) { return set_up(f); });
  if (!agreed) {
    failure_ = agreed.error();
    return std::unexpected(NetworkError::device_failed);
  }
  started_ = true;
  link_ = read_link();
  if (pairs_.size() > 1 && control_.size() != 0 && command_pairs(static_cast<std::uint16_t>(pairs_.size())))
    used_pairs_ = pairs_.size();
  for (std::size_t i = 0; i < used_pairs_; ++i) refill(i);
  if (failure_) return std::unexpected(NetworkError::device_failed);
  return active_;
}

std::expected<void, Error> Network::set_up(Features features) {
  agreed_ = features;
  active_ = offloads_of(features);
  used_pairs_ = 1;
  const std::size_t pairs = features.contains(kPairFeatures) ? pairs_.size() : 1;
  for (std::size_t i = 0; i < pairs; ++i)
    if (const auto done = set_up_pair(i); !done) return done;
  if (pairs == 1) return {};
  return set_up_queue(*transport_, receive_queue(device_pairs_), control_, control_memory_.view());
}

std::expected<void, Error> Network::set_up_pair(std::size_t number) {
  NetworkQueuePair& pair = pairs_[number];
  if (const auto done = set_up_queue(*transport_, receive_queue(number), pair.receive_, pair.receive_memory_.view());
      !done)
    return done;
  if (const auto done = set_up_queue(*transport_, transmit_queue(number), pair.transmit_, pair.transmit_memory_.view());
      !done)
    return done;
  pair.receive_.set_interrupts(SplitQueue::Interrupts::suppressed);
  pair.transmit_.set_interrupts(SplitQueue::Interrupts::suppressed);
  pair.free_slot_count_ = pair.transmit_.size();
  for (std::uint16_t i = 0; i < pair.free_slot_count_; ++i) pair.free_slots_[i] = static_cast<std::uint8_t>(i);
  return {};
}

/// Asks the device to use `count` pairs, and waits for its answer a bounded while. [virtio 1.2 §5.1.6.5.5]
bool Network::command_pairs(std::uint16_t count) {
  constexpr int kLooks = 1000;
  constexpr std::uint8_t kUnanswered = 0xff;
  command_ = {.pairs = count};
  command_result_ = kUnanswered;
  const auto command = std::as_bytes(std::span(&command_, 1));
  const auto result = std::as_writable_bytes(std::span(&command_result_, 1));
  if (!control_.submit(std::span(&command, 1), std::span(&result, 1), 0)) return false;
  if (control_.publish()) transport_->notify(receive_queue(device_pairs_));
  for (int i = 0; i < kLooks; ++i) {
    const auto completion = control_.poll();
    if (!completion) {
      fail(completion.error());
      return false;
    }
    if (*completion) return *const_cast<const volatile std::uint8_t*>(&command_result_) == kControlOk;
    static_cast<void>(transport_->status());  // an exit, in which a device of the monitor's own does its work
  }
  return false;
}

LinkState Network::read_link() {
  if (!agreed_.has(NetworkFeature::status)) return LinkState::up;
  return (transport_->configuration16(kNetworkStatusOffset) & kNetworkLinkUp) != 0 ? LinkState::up : LinkState::down;
}

/// Gives the device what buffers there are, once there is room for a few.
void Network::refill(std::size_t number) {
  SplitQueue& queue = pairs_[number].receive_;
  if (queue.free_descriptors() < queue.size() / 8U) return;
  while (queue.free_descriptors() > 0) {
    Buffer* const buffer = pool_->take();
    if (buffer == nullptr) break;
    if (!queue.submit_writable(buffer->all(), reinterpret_cast<std::uintptr_t>(buffer))) {
      pool_->give(*buffer);
      break;
    }
  }
  if (queue.publish()) transport_->notify(receive_queue(number));
}

Frame Network::receive() {
  if (!works()) return {};
  for (std::size_t i = 0; i < used_pairs_; ++i) {
    const std::size_t number = next_pair_;
    next_pair_ = (next_pair_ + 1) % used_pairs_;
    if (Frame frame = receive_from(number)) return frame;
  }
  return {};
}

/// At most one round of the ring, so that a device that completes nonsense without end cannot hold the core.
Frame Network::receive_from(std::size_t number) {
  SplitQueue& queue = pairs_[number].receive_;
  for (std::uint16_t i = 0; i < queue.size(); ++i) {
    refill(number);
    const auto completion = queue.poll();
    if (!completion) {
      fail(completion.error());
      return {};
    }
    if (!*completion) return {};
    auto& first = *reinterpret_cast<Buffer*>((*completion)->cookie);
    if (Frame frame = make_frame(queue, first, (*completion)->written)) return frame;
    if (failure_) return {};
    ++counters_->received_and_dropped.malformed;
  }
  return {};
}

/// The frame that begins in `first`, of which `written` bytes are the device's. None where it makes no sense; its
/// buffers are free again then.
Frame Network::make_frame(SplitQueue& queue, Buffer& first, std::uint32_t written) {
  if (written < sizeof(NetworkHeader) + network::kHeaderSize) {
    pool_->give(first);
    return {};
  }
  const NetworkHeader header = read_once(first.memory);
  first.offset = sizeof(NetworkHeader);
  first.length = static_cast<std::uint16_t>(written - sizeof(NetworkHeader));
  const std::size_t count = agreed_.has(NetworkFeature::merged_buffers) ? header.buffers : 1;
  const auto size = take_parts(queue, first, count);
  if (!size) return {};
  Frame::Description description;
  if (describe_frame(header, *size, description)) return {*pool_, first, *size, description};
  pool_->give_chain(&first);
  return {};
}

/// Links the other buffers of a frame to its first: the device has shown all of them at once. [virtio 1.2 §5.1.6.4]
std::optional<std::size_t> Network::take_parts(SplitQueue& queue, Buffer& first, std::size_t count) {
  std::size_t size = first.length;
  Buffer* last = &first;
  bool sound = count >= 1 && count <= kMostParts;
  for (std::size_t i = 1; sound && i < count; ++i) {
    const auto completion = queue.poll();
    if (!completion) {
      fail(completion.error());
      return std::nullopt;
    }
    sound = completion->has_value() && (*completion)->written != 0;
    if (!completion->has_value()) break;
    auto& part = *reinterpret_cast<Buffer*>((*completion)->cookie);
    part.offset = 0;
    part.length = static_cast<std::uint16_t>((*completion)->written);
    size += part.length;
    last = last->next = &part;
  }
  if (sound) return size;
  fail(Error::buffers_missing);
  return std::nullopt;
}

/// False where the header contradicts the frame, or what was agreed.
bool Network::describe_frame(const NetworkHeader& header, std::size_t size, Frame::Description& description) const {
  const std::uint8_t kind = header.segmentation & static_cast<std::uint8_t>(~kSegmentationEcn);
  if (kind == kSegmentationNone) {
    if (size > identity_.mtu + network::kHeaderSize + network::kTagSize) return false;
  } else {
    if (!active_.merging || (kind != kSegmentationTcp4 && kind != kSegmentationTcp6)) return false;
    if (header.segment_size == 0 || size > kLongestFrame) return false;
    description.segmentation = kind == kSegmentationTcp4 ? Segmentation::tcp_v4 : Segmentation::tcp_v6;
    description.segment_size = header.segment_size;
  }
  if (!active_.receive_checksum) return true;
  if ((header.flags & kHeaderNeedsChecksum) != 0) {
    if (header.checksum_start < network::kHeaderSize ||
        std::size_t{header.checksum_start} + header.checksum_offset + 2 > size)
      return false;
    description.checksum = Frame::Checksum::partial;
    description.partial = {header.checksum_start, header.checksum_offset};
  } else if ((header.flags & kHeaderDataValid) != 0) {
    description.checksum = Frame::Checksum::verified;
  }
  return true;
}

bool Network::is_possible(const Transmit& frame) const {
  if (frame.parts.empty() || frame.parts.size() > Transmit::kMostParts) return false;
  if (frame.has_partial_checksum && !active_.transmit_checksum) return false;
  if (frame.segmentation == Segmentation::none) return true;
  if (!frame.has_partial_checksum || frame.segment_size == 0) return false;
  return frame.segmentation == Segmentation::tcp_v4 ? active_.segmentation_v4 : active_.segmentation_v6;
}

Network::Result Network::transmit(const Transmit& frame) {
  if (!works() || !is_possible(frame)) return Result::refused;
  NetworkQueuePair& pair = pairs_[used_pairs_ == 1 ? 0 : flow_of(frame) % used_pairs_];
  const std::size_t descriptors = frame.parts.size() + (frame.headroom < sizeof(NetworkHeader) ? 1 : 0);
  if (descriptors > pair.transmit_.size()) return Result::refused;
  if (pair.free_slot_count_ == 0 || pair.transmit_.free_descriptors() < descriptors) {
    reclaim(pair);
    if (failure_) return Result::refused;
    if (pair.free_slot_count_ == 0 || pair.transmit_.free_descriptors() < descriptors) return Result::full;
  }
  return submit(pair, frame) ? Result::taken : Result::refused;
}

/// There is room.
bool Network::submit(NetworkQueuePair& pair, const Transmit& frame) {
  const std::uint8_t slot = pair.free_slots_[pair.free_slot_count_ - 1U];
  std::array<std::span<const std::byte>, Transmit::kMostParts + 1> segments;
  std::size_t count = 0;
  if (frame.headroom >= sizeof(NetworkHeader)) {
    const auto first = frame.parts.front();
    auto* const header = const_cast<std::byte*>(first.data()) - sizeof(NetworkHeader);
    *reinterpret_cast<NetworkHeader*>(header) = header_of(frame);
    segments[count++] = {header, first.size() + sizeof(NetworkHeader)};
  } else {
    pair.headers_[slot] = header_of(frame);
    segments[count++] = std::as_bytes(std::span(&pair.headers_[slot], 1));
    segments[count++] = frame.parts.front();
  }
  for (const auto& part : frame.parts.subspan(1)) segments[count++] = part;
  if (!pair.transmit_.submit(std::span(segments).first(count), {}, slot)) return false;
  pair.completions_[slot] = frame.completion;
  --pair.free_slot_count_;
  return true;
}

void Network::kick() {
  if (!works()) return;
  for (std::size_t i = 0; i < used_pairs_; ++i)
    if (pairs_[i].transmit_.publish()) transport_->notify(transmit_queue(i));
}

void Network::reclaim() {
  if (!works()) return;
  for (NetworkQueuePair& pair : pairs_.first(used_pairs_)) reclaim(pair);
}

void Network::reclaim(NetworkQueuePair& pair) {
  for (std::uint16_t i = 0; i < pair.transmit_.size(); ++i) {
    const auto completion = pair.transmit_.poll();
    if (!completion) return fail(completion.error());
    if (!*completion) return;
    const auto slot = static_cast<std::uint8_t>((*completion)->cookie);
    pair.free_slots_[pair.free_slot_count_++] = slot;
    if (network::Completion* const told = pair.completions_[slot]) told->done(*told);
  }
}

network::Events Network::listen(network::Events events) {
  if (!works()) return events;
  network::Events there;
  for (std::size_t i = 0; i < used_pairs_; ++i) {
    if (events.receive) {
      refill(i);
      there.receive |= pairs_[i].receive_.set_interrupts(SplitQueue::Interrupts::enabled);
    }
    if (events.transmit) there.transmit |= pairs_[i].transmit_.set_interrupts(SplitQueue::Interrupts::enabled);
  }
  return there;
}

std::optional<network::Events> Network::on_interrupt() {
  const InterruptCause cause = transport_->take_interrupt();
  if (!cause.queue && !cause.configuration) return std::nullopt;
  if (!works()) return network::Events{};
  network::Events events{.receive = cause.queue, .transmit = cause.queue, .link = false};
  if (cause.queue)
    for (NetworkQueuePair& pair : pairs_.first(used_pairs_)) {
      pair.receive_.set_interrupts(SplitQueue::Interrupts::suppressed);
      pair.transmit_.set_interrupts(SplitQueue::Interrupts::suppressed);
    }
  if (cause.configuration) {
    if (transport_->status().has(StatusBit::device_needs_reset)) {
      fail(Error::device_needs_reset);
      return network::kAllEvents;
    }
    const LinkState before = link_;
    link_ = read_link();
    events.link = link_ != before;
  }
  return events;
}

}  // namespace toro::virtio
