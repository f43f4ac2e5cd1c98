// A block device. [virtio 1.2 §5.2]
#include "kernel/devices/virtio/block.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "kernel/devices/virtio/initialization.hpp"
#include "kernel/devices/virtio/ring_access.hpp"

namespace toro::virtio {
namespace {

using block::Operation;
using block::Reason;

/// The device has not written it yet.
constexpr std::uint8_t kNoStatus = 0xff;

constexpr std::uint32_t kLargestSector = 65536;

std::uint32_t read_field(Transport& transport, BlockField field) {
  return transport.configuration32(static_cast<std::uint32_t>(field));
}

BlockRequestType type_of(Operation operation) {
  switch (operation) {
    case Operation::read:
      return BlockRequestType::read;
    case Operation::write:
      return BlockRequestType::write;
    case Operation::flush:
      return BlockRequestType::flush;
    case Operation::discard:
      return BlockRequestType::discard;
    case Operation::write_zeroes:
      return BlockRequestType::write_zeroes;
  }
  return BlockRequestType::read;  // not reached: the queue of requests knows the operations
}

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace

std::expected<block::Properties, Error> Block::start(Transport& transport) {
  transport_ = &transport;
  if (transport.type() != DeviceType::block) return std::unexpected(Error::wrong_device_type);
  constexpr Features kWanted = Features{}
                                   .with(BlockFeature::size_max)
                                   .with(BlockFeature::seg_max)
                                   .with(BlockFeature::read_only)
                                   .with(BlockFeature::block_size)
                                   .with(BlockFeature::flush)
                                   .with(BlockFeature::discard)
                                   .with(BlockFeature::write_zeroes)
                                   .with(Feature::indirect_descriptors)
                                   .with(Feature::event_index);
  std::expected<block::Properties, Error> properties;
  const auto agreed = initialize(transport, kWanted, {}, [&](Features features) -> std::expected<void, Error> {
    properties = read_properties(transport, features);
    if (!properties) return std::unexpected(properties.error());
    if (const auto done = set_up_queue(transport, 0, queue_, memory_.view()); !done) return done;
    queue_.use(features, tables_, kLongestChain);
    // Where chains lie in the ring itself, the longest must fit it.
    if (!features.has(Feature::indirect_descriptors)) {
      if (queue_.size() < 3) return std::unexpected(Error::configuration_invalid);
      properties->segments = std::min<std::uint32_t>(properties->segments, queue_.size() - 2U);
    }
    return {};
  });
  if (!agreed) return std::unexpected(agreed.error());
  for (std::uint16_t i = 0; i < kQueueSize; ++i) slots_[i].next_free = static_cast<std::uint16_t>(i + 1);
  ask_identity();
  return properties;
}

std::uint64_t Block::read_capacity(Transport& transport) {
  const std::uint64_t low = read_field(transport, BlockField::capacity_low);
  const std::uint64_t high = read_field(transport, BlockField::capacity_high);
  return high << 32 | low;
}

std::expected<block::Properties, Error> Block::read_properties(Transport& transport, Features features) {
  struct Fields {
    std::uint64_t capacity;
    std::uint32_t block_size, segment_bytes, segments, discard, write_zeroes;
  };
  const auto read = transport.read_configuration([&](Transport& from) {
    const auto field = [&](BlockFeature feature, BlockField which, std::uint32_t otherwise) {
      return features.has(feature) ? read_field(from, which) : otherwise;
    };
    return Fields{.capacity = read_capacity(from),
                  .block_size = field(BlockFeature::block_size, BlockField::block_size, kBlockUnit),
                  .segment_bytes = field(BlockFeature::size_max, BlockField::size_max, 1U << 30),
                  .segments = field(BlockFeature::seg_max, BlockField::seg_max, 1),
                  .discard = field(BlockFeature::discard, BlockField::max_discard_sectors, 0),
                  .write_zeroes = field(BlockFeature::write_zeroes, BlockField::max_write_zeroes_sectors, 0)};
  });
  if (!read) return std::unexpected(read.error());
  const std::uint32_t size = read->block_size;
  if (!std::has_single_bit(size) || size < kBlockUnit || size > kLargestSector || read->segments == 0 ||
      read->segment_bytes < size)
    return std::unexpected(Error::configuration_invalid);
  units_per_sector_ = size / kBlockUnit;
  return block::Properties{
      .sector_size = size,
      .sectors = read->capacity / (size / kBlockUnit),
      .read_only = features.has(BlockFeature::read_only),
      .has_write_cache = features.has(BlockFeature::flush),
      .segments = std::min(read->segments, block::kMostSegments),
      .segment_bytes = std::min(read->segment_bytes, 1U << 30),
      .transfer_sectors = (1U << 30) / size,  // a chain is below 4 GiB [virtio 1.2 §2.7.5]
      .discard_sectors = read->discard / (size / kBlockUnit),
      .write_zeroes_sectors = read->write_zeroes / (size / kBlockUnit),
  };
}

void Block::ask_identity() {
  Slot& slot = identity_slot_;
  slot.header = {.type = BlockRequestType::get_identity};
  slot.status = kNoStatus;
  const std::array<std::span<const std::byte>, 1> readable{bytes_of(slot.header)};
  const std::array<std::span<std::byte>, 2> writable{std::as_writable_bytes(std::span(identity_)),
                                                     std::as_writable_bytes(std::span(&slot.status, 1))};
  if (!queue_.submit(readable, writable, kIdentityCookie)) return;
  identity_state_ = IdentityState::asked;
  notify();
}

block::Driver::Start Block::start(const block::Command& command) {
  if (queue_.broken()) return Start::broken;
  if (first_free_ == kQueueSize) return Start::full;
  const std::uint16_t number = first_free_;
  Slot& slot = slots_[number];
  const std::uint64_t unit = command.sector * units_per_sector_;

  std::array<std::span<const std::byte>, block::kMostSegments + 1> readable{bytes_of(slot.header)};
  std::array<std::span<std::byte>, block::kMostSegments + 1> writable;
  std::size_t reads = 1;
  std::size_t writes = 0;
  std::uint32_t expected = 1;
  slot.header = {.type = type_of(command.operation), .sector = unit};
  switch (command.operation) {
    case Operation::read:
      for (const auto& segment : command.data) writable[writes++] = segment;
      expected += command.count * units_per_sector_ * kBlockUnit;
      break;
    case Operation::write:
      for (const auto& segment : command.data) readable[reads++] = segment;
      break;
    case Operation::discard:
    case Operation::write_zeroes:
      slot.header.sector = 0;
      slot.range = {.sector = unit, .count = command.count * units_per_sector_};
      readable[reads++] = bytes_of(slot.range);
      break;
    case Operation::flush:
      slot.header.sector = 0;
      break;
  }
  slot.status = kNoStatus;
  writable[writes++] = std::as_writable_bytes(std::span(&slot.status, 1));
  const auto done = queue_.submit(std::span(readable).first(reads), std::span(writable).first(writes), number);
  if (!done) return Start::full;  // the ring has no room: nothing else is wrong with a command
  first_free_ = slot.next_free;
  slot.request = command.request;
  slot.expected = expected;
  return Start::started;
}

void Block::notify() {
  if (queue_.publish()) transport_->notify(0);
}

void Block::poll() {
  if (stopped_) return;
  do {
    for (;;) {
      const auto completion = queue_.poll();
      if (!completion) return break_down();
      if (!*completion) break;
      end(**completion);
    }
  } while (queue_.listen());
  if (requests_ != nullptr) requests_->proceed();
}

void Block::end(const SplitQueue::Completion& completion) {
  if (completion.cookie == kIdentityCookie) {
    identity_state_ = IdentityState::known;
    if (load_once(identity_slot_.status, std::memory_order_acquire) != 0) identity_ = {};
    return;
  }
  Slot& slot = slots_[completion.cookie];
  BlockRequest& request = *slot.request;
  const std::uint8_t status = load_once(slot.status, std::memory_order_acquire);
  slot.request = nullptr;
  slot.next_free = first_free_;
  first_free_ = static_cast<std::uint16_t>(completion.cookie);
  std::optional<Reason> why;
  switch (static_cast<BlockStatus>(status)) {
    case BlockStatus::ok:
      if (completion.written < slot.expected) why = Reason::io_error;  // a part of the data never came
      break;
    case BlockStatus::unsupported:
      why = Reason::unsupported;
      break;
    case BlockStatus::io_error:
    default:  // or a status that there is not: whatever it was, it was not done
      why = Reason::io_error;
  }
  requests_->complete(request, why);
}

void Block::on_interrupt() {
  const InterruptCause cause = transport_->take_interrupt();
  if (cause.configuration && !stopped_) change_configuration();
  if (cause.queue) poll();
}

void Block::change_configuration() {
  if (transport_->status().has(StatusBit::device_needs_reset)) return break_down();
  const auto capacity = transport_->read_configuration(read_capacity);
  if (capacity && requests_ != nullptr) requests_->resize(*capacity / units_per_sector_);
}

void Block::break_down() {
  if (requests_ != nullptr) requests_->break_down();
}

void Block::stop() {
  stopped_ = true;
  quit(*transport_);
  for (Slot& slot : slots_) {
    if (slot.request == nullptr) continue;
    BlockRequest& request = *std::exchange(slot.request, nullptr);
    requests_->complete(request, Reason::device_broken);
  }
}

}  // namespace toro::virtio
