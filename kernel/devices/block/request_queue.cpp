// The requests of one device.
#include "kernel/devices/block/request_queue.hpp"

#include <algorithm>

namespace toro::block {

std::uint32_t RequestQueue::limit(Operation operation) const {
  switch (operation) {
    case Operation::read:
    case Operation::write:
      return properties_.transfer_sectors;
    case Operation::discard:
      return properties_.discard_sectors;
    case Operation::write_zeroes:
      return properties_.write_zeroes_sectors;
    case Operation::flush:
      return 1;
  }
  return 0;
}

/// Counts the sectors of what has data, too.
std::optional<Reason> RequestQueue::refusal(BlockRequest& request) const {
  const bool has_data = request.operation == Operation::read || request.operation == Operation::write;
  if (has_data) {
    std::uint64_t bytes = 0;
    std::uintptr_t low_bits = 0;
    for (const std::span<std::byte> segment : request.data) {
      bytes += segment.size();
      low_bits |= segment.size() & (properties_.sector_size - 1);
      low_bits |= reinterpret_cast<std::uintptr_t>(segment.data()) & (properties_.alignment - 1);
    }
    request.count = bytes / properties_.sector_size;
    if (low_bits != 0) return Reason::misaligned;
  }
  if (broken_) return Reason::device_broken;
  if (request.operation == Operation::flush) {
    request.sector = request.count = 0;
    return std::nullopt;
  }
  if (request.operation != Operation::read && properties_.read_only) return Reason::read_only;
  if (limit(request.operation) == 0) return Reason::unsupported;
  const std::uint64_t all = sectors();
  if (request.sector > all || request.count > all - request.sector) return Reason::out_of_range;
  return std::nullopt;
}

void RequestQueue::add(BlockRequest& first) {
  for (BlockRequest* request = &first; request != nullptr;) {
    BlockRequest& one = *request;
    request = one.flight.next;  // one may end here, and be used again
    enqueue(one);
  }
  proceed();
}

void RequestQueue::enqueue(BlockRequest& request) {
  request.result = {};
  request.flight = {.core = request.flight.core};
  const auto refused = refusal(request);
  const bool nothing_to_do = request.operation == Operation::flush ? !properties_.has_write_cache : request.count == 0;
  if (refused || nothing_to_do) return end(request, refused);
  (first_ == nullptr ? first_ : last_->flight.next) = &request;
  last_ = &request;
}

void RequestQueue::dequeue() {
  first_->flight.all_issued = true;
  first_ = first_->flight.next;
}

void RequestQueue::proceed() {
  bool any = false;
  while (first_ != nullptr) {
    BlockRequest& request = *first_;
    const Command command = next_command(request);
    const Driver::Start start = driver_.start(command);
    if (start == Driver::Start::broken) return break_down();
    if (start == Driver::Start::full) break;
    any = true;
    issue(request, command);
    if (request.flight.issued == request.count) dequeue();
  }
  if (any) driver_.notify();
}

Command RequestQueue::next_command(BlockRequest& request) {
  const std::uint64_t left = request.count - request.flight.issued;
  Command command{.operation = request.operation,
                  .sector = request.sector + request.flight.issued,
                  .count = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, limit(request.operation))),
                  .data = {},
                  .request = &request};
  if (request.operation == Operation::flush) command.count = 0;
  if (request.operation != Operation::read && request.operation != Operation::write) return command;

  const std::size_t most_bytes = std::size_t{command.count} * properties_.sector_size;
  const std::size_t most_of_segment = properties_.segment_bytes & ~(properties_.sector_size - 1);
  const std::size_t most_segments = std::min(properties_.segments, kMostSegments);
  std::size_t bytes = 0;
  std::size_t segments = 0;
  std::size_t offset = request.flight.segment_offset;
  for (std::size_t i = request.flight.segment; bytes < most_bytes && segments < most_segments;) {
    const std::span<std::byte> rest = request.data[i].subspan(offset);
    if (rest.empty()) {
      ++i;
      offset = 0;
      continue;
    }
    const std::size_t size = std::min({rest.size(), most_of_segment, most_bytes - bytes});
    segments_[segments++] = rest.first(size);
    bytes += size;
    offset += size;
  }
  command.count = static_cast<std::uint32_t>(bytes / properties_.sector_size);
  command.data = {segments_.data(), segments};
  return command;
}

/// The command has been started.
void RequestQueue::issue(BlockRequest& request, const Command& command) const {
  ++request.flight.commands;
  request.flight.issued += command.count;
  for (std::size_t bytes = command.data.empty() ? 0 : std::size_t{command.count} * properties_.sector_size;
       bytes > 0;) {
    const std::size_t of_segment = request.data[request.flight.segment].size() - request.flight.segment_offset;
    if (bytes < of_segment) {
      request.flight.segment_offset += bytes;
      return;
    }
    bytes -= of_segment;
    ++request.flight.segment;
    request.flight.segment_offset = 0;
  }
}

void RequestQueue::complete(BlockRequest& request, std::optional<Reason> why) {
  --request.flight.commands;
  if (why) {
    if (request.result)
      request.result = std::unexpected(BlockError{request.operation, *why, request.sector, request.count});
    if (!request.flight.all_issued) dequeue();  // it is the first, and the rest of it is pointless
  }
  if (request.flight.all_issued && request.flight.commands == 0) end(request, std::nullopt);
}

void RequestQueue::break_down() {
  if (broken_) return;
  broken_ = true;
  driver_.stop();
  while (first_ != nullptr) {
    BlockRequest& request = *first_;
    dequeue();
    end(request, Reason::device_broken);
  }
}

void RequestQueue::end(BlockRequest& request, std::optional<Reason> why) {
  if (why && request.result)
    request.result = std::unexpected(BlockError{request.operation, *why, request.sector, request.count});
  finish_(*this, request);
}

}  // namespace toro::block
