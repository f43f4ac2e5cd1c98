// A virtio network device: what it receives. [virtio 1.2 §5.1.6]
#include "kernel/devices/virtio/network.hpp"

#include <bit>

namespace toro::virtio {

using network::Buffer;
using network::Frame;
using network::Segmentation;

namespace {

constexpr std::size_t kLongestFrame = 65'535 + network::kHeaderSize + network::kTagSize;

/// The device may go on writing while the driver looks, so the compiler must not look again.
NetworkHeader read_once(const std::byte* memory) {
  struct Words {
    std::uint32_t word[sizeof(NetworkHeader) / 4];
  } copy{};
  const auto* words = reinterpret_cast<const volatile std::uint32_t*>(memory);
  for (std::size_t i = 0; i < std::size(copy.word); ++i) copy.word[i] = words[i];
  return std::bit_cast<NetworkHeader>(copy);
}

}  // namespace

/// Gives the device what buffers there are, once there is room for a few.
void NetworkQueuePair::refill() {
  if (receive_.free_descriptors() < receive_.size() / 8U) return;
  while (receive_.free_descriptors() > 0) {
    Buffer* const buffer = pool_->take();
    if (buffer == nullptr) break;
    if (!receive_.submit_writable(buffer->all(), reinterpret_cast<std::uintptr_t>(buffer))) {
      pool_->give(*buffer);
      break;
    }
  }
  if (receive_.publish()) device_->transport_->notify(receive_queue(number_));
}

/// At most one round of the ring, so that a device that completes nonsense without end cannot hold the core.
Frame NetworkQueuePair::receive() {
  if (!works()) return {};
  for (std::uint16_t i = 0; i < receive_.size(); ++i) {
    refill();
    const auto completion = receive_.poll();
    if (!completion) {
      fail(completion.error());
      return {};
    }
    if (!*completion) return {};
    auto& first = *reinterpret_cast<Buffer*>((*completion)->cookie);
    if (Frame frame = make_frame(first, (*completion)->written)) return frame;
    if (!works()) return {};
    ++counters_->received_and_dropped.malformed;
  }
  return {};
}

/// The frame that begins in `first`, of which `written` bytes are the device's. None where it makes no sense; its
/// buffers are free again then.
Frame NetworkQueuePair::make_frame(Buffer& first, std::uint32_t written) {
  if (written < sizeof(NetworkHeader) + network::kHeaderSize) {
    pool_->give(first);
    return {};
  }
  const NetworkHeader header = read_once(first.memory);
  first.offset = sizeof(NetworkHeader);
  first.length = static_cast<std::uint16_t>(written - sizeof(NetworkHeader));
  const std::size_t count = device_->agreed_.has(NetworkFeature::merged_buffers) ? header.buffers : 1;
  const auto size = take_parts(first, count);
  if (!size) return {};
  Frame::Description description;
  if (describe_frame(header, *size, description)) return {*pool_, first, *size, description};
  pool_->give_chain(&first);
  return {};
}

/// Links the other buffers of a frame to its first: the device has shown all of them at once. [virtio 1.2 §5.1.6.4]
std::optional<std::size_t> NetworkQueuePair::take_parts(Buffer& first, std::size_t count) {
  std::size_t size = first.length;
  Buffer* last = &first;
  bool sound = count >= 1 && count <= Frame::kMostParts;
  for (std::size_t i = 1; sound && i < count; ++i) {
    const auto completion = receive_.poll();
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
bool NetworkQueuePair::describe_frame(const NetworkHeader& header, std::size_t size,
                                      Frame::Description& description) const {
  const std::uint8_t kind = header.segmentation & static_cast<std::uint8_t>(~kSegmentationEcn);
  if (kind == kSegmentationNone) {
    if (size > device_->identity_.mtu + network::kHeaderSize + network::kTagSize) return false;
  } else {
    if (!device_->active_.merging || (kind != kSegmentationTcp4 && kind != kSegmentationTcp6)) return false;
    if (header.segment_size == 0 || size > kLongestFrame) return false;
    description.segmentation = kind == kSegmentationTcp4 ? Segmentation::tcp_v4 : Segmentation::tcp_v6;
    description.segment_size = header.segment_size;
  }
  if (!device_->active_.receive_checksum) return true;
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

}  // namespace toro::virtio
