// A socket device. [virtio 1.2 §5.10]
#include "kernel/devices/virtio/vsock.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <utility>

#include "kernel/devices/virtio/initialization.hpp"
#include "kernel/devices/virtio/ring_access.hpp"

namespace toro::virtio {
namespace {

using HeaderWords = std::array<std::uint32_t, sizeof(VsockHeader) / 4>;

/// Each word is read once: what is checked is what is used.
VsockHeader copy_header(std::byte* shared) {
  HeaderWords words;
  auto* const from = reinterpret_cast<std::uint32_t*>(shared);
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = load_once(from[i], std::memory_order_relaxed);
  return std::bit_cast<VsockHeader>(words);
}

}  // namespace

template <std::uint16_t kSize>
std::expected<void, Error> Vsock::set_up(std::uint16_t index, Lane<kSize>& lane, Features agreed) {
  if (const auto done = set_up_queue(*transport_, index, lane.queue, lane.memory.view()); !done) return done;
  lane.queue.use(agreed, {}, 0);
  return {};
}

std::expected<void, Error> Vsock::start(Transport& transport) {
  transport_ = &transport;
  if (transport.type() != DeviceType::socket) return std::unexpected(Error::wrong_device_type);
  constexpr Features kWanted = Features{}.with(Feature::event_index);
  const auto agreed = initialize(transport, kWanted, {}, [&](Features features) -> std::expected<void, Error> {
    if (const auto read = read_configuration(); !read) return read;
    if (const auto done = set_up(kVsockReceiveQueue, receive_, features); !done) return done;
    if (const auto done = set_up(kVsockTransmitQueue, transmit_, features); !done) return done;
    return set_up(kVsockEventQueue, events_, features);
  });
  if (!agreed) return std::unexpected(agreed.error());
  // A device may have smaller queues than there are buffers.
  for (std::uint16_t i = 0; i < receive_.queue.size(); ++i) offer_receive_buffer(i);
  for (std::uint16_t i = 0; i < events_.queue.size(); ++i) offer_event(i);
  for (std::uint16_t i = 0; i < transmit_.queue.size(); ++i) free_[free_count_++] = i;
  flush();
  return {};
}

std::expected<void, Error> Vsock::read_configuration() {
  const auto cid = transport_->read_configuration([](Transport& from) {
    return std::uint64_t{from.configuration32(kGuestCidOffset + 4)} << 32 | from.configuration32(kGuestCidOffset);
  });
  if (!cid) return std::unexpected(cid.error());
  if (*cid < kFirstGuestCid || *cid >= UINT32_MAX) return std::unexpected(Error::configuration_invalid);
  cid_ = static_cast<std::uint32_t>(*cid);
  return {};
}

void Vsock::offer_receive_buffer(std::uint16_t index) {
  if (!receive_.queue.submit_writable(receive_buffers_[index].bytes, index)) stop();
}

void Vsock::offer_event(std::uint16_t index) {
  if (!events_.queue.submit_writable(std::as_writable_bytes(std::span(&event_memory_[index], 1)), index)) stop();
}

std::optional<SplitQueue::Completion> Vsock::poll(SplitQueue& queue) {
  if (stopped_) return std::nullopt;
  const auto completion = queue.poll();
  if (completion) return *completion;
  stop();
  return std::nullopt;
}

std::optional<Vsock::Packet> Vsock::receive() {
  if (const auto shown = std::exchange(shown_, std::nullopt); shown && !stopped_) offer_receive_buffer(*shown);
  while (const auto completion = poll(receive_.queue)) {
    const auto index = static_cast<std::uint16_t>(completion->cookie);
    Buffer& buffer = receive_buffers_[index];
    if (completion->written >= sizeof(VsockHeader)) {
      const VsockHeader header = copy_header(buffer.bytes.data());
      if (header.length <= completion->written - sizeof(VsockHeader)) {
        shown_ = index;
        return Packet{header, std::span(buffer.bytes).subspan(sizeof(VsockHeader), header.length)};
      }
    }
    offer_receive_buffer(index);
  }
  return std::nullopt;
}

void Vsock::take_transmitted() {
  while (const auto completion = poll(transmit_.queue)) {
    free_[free_count_++] = static_cast<std::uint16_t>(completion->cookie);
    ++taken_;
  }
}

std::size_t Vsock::room() {
  take_transmitted();
  return stopped_ ? 0 : free_count_;
}

bool Vsock::transmit(const VsockHeader& header, std::span<const std::byte> payload) {
  if (room() == 0) return false;
  const std::uint16_t index = free_[--free_count_];
  const std::span<std::byte> bytes = transmit_buffers_[index].bytes;
  std::memcpy(bytes.data(), &header, sizeof header);
  std::ranges::copy(payload, bytes.begin() + sizeof header);
  if (transmit_.queue.submit_readable(bytes.first(sizeof header + payload.size()), index)) return true;
  stop();
  return false;
}

void Vsock::flush() {
  if (stopped_) return;
  if (receive_.queue.publish()) transport_->notify(kVsockReceiveQueue);
  if (transmit_.queue.publish()) transport_->notify(kVsockTransmitQueue);
  if (events_.queue.publish()) transport_->notify(kVsockEventQueue);
}

bool Vsock::take_transport_reset() {
  bool is_reset = false;
  while (const auto completion = poll(events_.queue)) {
    const auto index = static_cast<std::uint16_t>(completion->cookie);
    if (completion->written == sizeof(VsockEvent) &&
        load_once(event_memory_[index].id, std::memory_order_relaxed) == kVsockTransportReset)
      is_reset = true;
    offer_event(index);
  }
  if (is_reset && !read_configuration()) stop();
  return is_reset;
}

bool Vsock::listen(bool wants_room) {
  if (needs_reset_) stop();
  if (stopped_) return false;
  bool is_ready = receive_.queue.listen();
  is_ready |= events_.queue.listen();
  if (wants_room) is_ready |= transmit_.queue.listen();
  return is_ready;
}

bool Vsock::on_interrupt() {
  const InterruptCause cause = transport_->take_interrupt();
  if (cause.configuration && transport_->status().has(StatusBit::device_needs_reset)) needs_reset_ = true;
  return cause.queue || cause.configuration;
}

void Vsock::stop() {
  if (!std::exchange(stopped_, true)) quit(*transport_);
}

}  // namespace toro::virtio
