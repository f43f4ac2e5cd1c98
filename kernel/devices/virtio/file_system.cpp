// A file system device. [virtio 1.2 §5.11]
#include "kernel/devices/virtio/file_system.hpp"

#include <utility>

#include "kernel/devices/virtio/initialization.hpp"

namespace toro::virtio {

std::expected<void, Error> FileSystem::start(Transport& transport) {
  transport_ = &transport;
  if (transport.type() != DeviceType::file_system) return std::unexpected(Error::wrong_device_type);
  constexpr Features kWanted = Features{}.with(Feature::indirect_descriptors).with(Feature::event_index);
  const auto agreed = initialize(transport, kWanted, {}, [&](Features features) -> std::expected<void, Error> {
    if (const auto read = read_configuration(); !read) return read;
    for (std::uint16_t i = 0; i < kQueues; ++i) {
      Lane& lane = lanes_[i];
      if (const auto done = set_up_queue(transport, i, lane.queue, lane.memory.view()); !done) return done;
      lane.queue.use(features, lane.tables, kLongestChain);
      // Where chains lie in the ring itself, the longest must fit it.
      if (!features.has(Feature::indirect_descriptors) && lane.queue.size() < kLongestChain)
        return std::unexpected(Error::configuration_invalid);
    }
    return {};
  });
  if (!agreed) return std::unexpected(agreed.error());
  return {};
}

std::expected<void, Error> FileSystem::read_configuration() {
  if (transport_->configuration32(kRequestQueuesOffset) == 0) return std::unexpected(Error::configuration_invalid);
  const auto tag = transport_->read_configuration([](Transport& from) {
    std::array<char, kTagBytes> read{};
    for (std::uint32_t i = 0; i < kTagBytes; ++i) read[i] = static_cast<char>(from.configuration8(kTagOffset + i));
    return read;
  });
  if (!tag) return std::unexpected(tag.error());
  tag_ = *tag;
  while (tag_size_ < tag_.size() && tag_[tag_size_] != '\0') ++tag_size_;
  return {};
}

FileSystem::Start FileSystem::submit(Queue queue, FileSystemRequest& request) {
  if (stopped_) return Start::broken;
  EventQueue& to = lanes_[std::to_underlying(queue)].queue;
  const auto cookie = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&request));
  if (const auto done = to.submit(request.readable, request.writable, cookie); !done) {
    if (done.error() == Error::queue_full) return Start::full;
    stop();
    return Start::broken;
  }
  request.answered = false;
  request.written = 0;
  request.next = in_flight_;
  request.link = &in_flight_;
  if (in_flight_ != nullptr) in_flight_->link = &request.next;
  in_flight_ = &request;
  if (to.publish()) transport_->notify(std::to_underlying(queue));
  return Start::started;
}

void FileSystem::finish(FileSystemRequest& request) {
  *request.link = request.next;
  if (request.next != nullptr) request.next->link = request.link;
  request.done(request);
}

/// False when the device has broken the queue.
bool FileSystem::take_finished(EventQueue& queue) {
  do {
    for (;;) {
      const auto completion = queue.poll();
      if (!completion) return false;
      if (!*completion) break;
      auto& request = *reinterpret_cast<FileSystemRequest*>(static_cast<std::uintptr_t>((*completion)->cookie));
      request.answered = true;
      request.written = (*completion)->written;
      finish(request);
      if (stopped_) return true;
    }
  } while (queue.listen());
  return true;
}

void FileSystem::poll() {
  for (Lane& lane : lanes_)
    if (!stopped_ && !take_finished(lane.queue)) stop();
}

void FileSystem::on_interrupt() {
  const InterruptCause cause = transport_->take_interrupt();
  if (cause.configuration && transport_->status().has(StatusBit::device_needs_reset)) stop();
  if (cause.queue) poll();
}

void FileSystem::stop() {
  if (std::exchange(stopped_, true)) return;
  quit(*transport_);
  while (in_flight_ != nullptr) finish(*in_flight_);
}

}  // namespace toro::virtio
