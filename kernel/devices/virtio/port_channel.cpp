// The data path of one console port.
#include "kernel/devices/virtio/port_channel.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "kernel/devices/virtio/initialization.hpp"

namespace toro::virtio {

std::expected<void, Error> PortChannel::set_up(Transport& transport, std::uint16_t receive_queue,
                                               std::uint16_t transmit_queue) {
  transport_ = &transport;
  receive_index_ = receive_queue;
  transmit_index_ = transmit_queue;
  buffers_ = {};
  received_first_ = received_count_ = transmit_free_ = transmit_suspect_ = 0;
  transmit_interrupt_expected_ = false;
  read_offset_ = 0;
  if (const auto done = set_up_queue(transport, receive_queue, receive_, receive_memory_.view()); !done) return done;
  if (const auto done = set_up_queue(transport, transmit_queue, transmit_, transmit_memory_.view()); !done) return done;
  // Finished transmit buffers are collected by the next write: interrupts for them only where a write found no room.
  transmit_.set_interrupts(SplitQueue::Interrupts::suppressed);
  return {};
}

void PortChannel::supply(const PortBuffers& buffers) {
  buffers_ = buffers;
  transmit_free_ = all_transmit_buffers();
  for (std::size_t i = 0; i < buffers_.received.size(); ++i) {
    if (!receive_.submit_writable(receive_buffer(i), i)) break;  // the device took a smaller ring
  }
  publish(receive_, receive_index_);
}

std::expected<std::size_t, Error> PortChannel::write(std::span<const std::byte> data) {
  std::size_t taken = 0;
  do {
    if (const auto done = collect_transmitted(); !done) return std::unexpected(done.error());
    taken += submit_transmit(data.subspan(taken));
    // Again if something finished before the device could see that it is waited for. Ends, since only what was in
    // flight before this call can finish before it is published.
  } while (taken < data.size() && expect_transmit_interrupt());
  publish(transmit_, transmit_index_);
  return taken;
}

std::expected<std::size_t, Error> PortChannel::read(std::span<std::byte> data) {
  const std::expected<void, Error> collected = collect_received();
  if (!collected && received_count_ == 0) return std::unexpected(collected.error());
  std::size_t copied = 0;
  while (copied < data.size() && received_count_ > 0) {
    const ReceivedPiece piece = buffers_.received[received_first_];
    const std::size_t length = std::min<std::size_t>(piece.length - read_offset_, data.size() - copied);
    std::ranges::copy(receive_buffer(piece.buffer).subspan(read_offset_, length), data.subspan(copied).begin());
    copied += length;
    read_offset_ += static_cast<std::uint32_t>(length);
    if (read_offset_ < piece.length) break;
    read_offset_ = 0;
    received_first_ = static_cast<std::uint16_t>((received_first_ + 1U) % buffers_.received.size());
    --received_count_;
    // Fails only if the queue is broken, which the next collection tells.
    static_cast<void>(receive_.submit_writable(receive_buffer(piece.buffer), piece.buffer));
  }
  publish(receive_, receive_index_);
  return copied;
}

std::expected<bool, Error> PortChannel::transmit_idle() {
  if (const auto done = collect_transmitted(); !done) return std::unexpected(done.error());
  return transmit_free_ == all_transmit_buffers();
}

std::expected<void, Error> PortChannel::poll() {
  const std::expected<void, Error> received = collect_received();
  const std::expected<void, Error> transmitted = collect_transmitted();
  return received ? transmitted : received;
}

void PortChannel::on_host_closed() {
  const auto in_flight = static_cast<std::uint16_t>(all_transmit_buffers() & ~transmit_free_);
  auto lost = static_cast<std::uint16_t>(transmit_suspect_ & in_flight);
  transmit_suspect_ = static_cast<std::uint16_t>(in_flight & ~lost);
  transmit_free_ |= lost;
  for (; lost != 0; lost &= static_cast<std::uint16_t>(lost - 1))
    transmit_.reclaim(static_cast<std::uint64_t>(std::countr_zero(lost)));
}

std::uint16_t PortChannel::all_transmit_buffers() const {
  const std::size_t count = buffers_.transmit.size() / buffers_.transmit_size;
  return static_cast<std::uint16_t>((std::uint32_t{1} << count) - 1);
}

std::span<std::byte> PortChannel::receive_buffer(std::size_t index) const {
  return buffers_.receive.subspan(index * buffers_.receive_size, buffers_.receive_size);
}

std::span<std::byte> PortChannel::transmit_buffer(std::size_t index) const {
  return buffers_.transmit.subspan(index * buffers_.transmit_size, buffers_.transmit_size);
}

// At most one round of the ring, so that a device that completes empty buffers without end cannot hold the core.
std::expected<void, Error> PortChannel::collect_received() {
  for (std::uint16_t i = 0; i < receive_.size(); ++i) {
    const auto completion = receive_.poll();
    if (!completion) return std::unexpected(completion.error());
    if (!completion->has_value()) break;
    const auto buffer = static_cast<std::uint16_t>((*completion)->cookie);
    if ((*completion)->written == 0) {
      static_cast<void>(receive_.submit_writable(receive_buffer(buffer), buffer));
      continue;
    }
    const std::size_t place = (received_first_ + std::size_t{received_count_}) % buffers_.received.size();
    buffers_.received[place] = {.buffer = buffer, .length = (*completion)->written};
    ++received_count_;
  }
  publish(receive_, receive_index_);
  return {};
}

std::expected<void, Error> PortChannel::collect_transmitted() {
  const std::uint16_t before = transmit_free_;
  for (std::uint16_t i = 0; i < transmit_.size(); ++i) {
    const auto completion = transmit_.poll();
    if (!completion) return std::unexpected(completion.error());
    if (!completion->has_value()) break;
    const auto buffer = static_cast<std::uint16_t>(1U << (*completion)->cookie);
    transmit_free_ |= buffer;
    transmit_suspect_ &= static_cast<std::uint16_t>(~buffer);
  }
  if (transmit_interrupt_expected_ && transmit_free_ != before) {
    transmit_.set_interrupts(SplitQueue::Interrupts::suppressed);
    transmit_interrupt_expected_ = false;
  }
  return {};
}

std::size_t PortChannel::submit_transmit(std::span<const std::byte> data) {
  std::size_t taken = 0;
  while (taken < data.size() && transmit_free_ != 0) {
    const auto index = static_cast<std::size_t>(std::countr_zero(transmit_free_));
    const std::span<std::byte> buffer = transmit_buffer(index);
    const std::span<const std::byte> chunk = data.subspan(taken, std::min(buffer.size(), data.size() - taken));
    std::ranges::copy(chunk, buffer.begin());
    if (!transmit_.submit_readable(buffer.first(chunk.size()), index)) break;
    transmit_free_ &= static_cast<std::uint16_t>(transmit_free_ - 1);
    taken += chunk.size();
  }
  return taken;
}

bool PortChannel::expect_transmit_interrupt() {
  transmit_interrupt_expected_ = true;
  return transmit_.set_interrupts(SplitQueue::Interrupts::enabled);
}

void PortChannel::publish(SplitQueue& queue, std::uint16_t index) {
  if (queue.publish()) transport_->notify(index);
}

}  // namespace toro::virtio
