// Block devices: how a request gets to the core of its device and back, and how a thread waits for it.
#include "kernel/devices/block/device.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/devices/block/carrier.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/process/scheduler.hpp"

namespace toro::block {
namespace {

/// A request of a thread that waits for it.
struct Awaited : BlockRequest {
  process::Thread* thread = &process::Scheduler::current();
  bool over = false;

  explicit Awaited(const BlockRequest& request) : BlockRequest(request) {
    done = [](BlockRequest& ended) {
      auto& self = static_cast<Awaited&>(ended);
      self.over = true;
      process::scheduler().resume(*self.thread);
    };
  }
};

struct Submission {
  RequestQueue* queue;
  BlockRequest* first;

  static void arrive(void* payload) {
    const auto& submission = *static_cast<Submission*>(payload);
    carrier().prepare();
    submission.queue->add(*submission.first);
  }
};

}  // namespace

Device::Device(Driver& driver, const Properties& properties)
    : queue_(driver, properties, finish), core_(arch::this_core()) {}

void Device::submit_chain(BlockRequest& first) {
  {
    const arch::InterruptsOff off;
    for (BlockRequest* request = &first; request != nullptr; request = request->flight.next) {
      request->flight.core = arch::this_core();
      process::scheduler().device_work_begins();
    }
    if (arch::is_this_core(core_)) return queue_.add(first);
  }
  process::send(core_, Submission::arrive, Submission{&queue_, &first});
}

BlockResult Device::execute(BlockRequest& request) {
  Awaited awaited(request);
  submit_chain(awaited);
  const arch::InterruptsOff off;
  while (!awaited.over) process::scheduler().suspend("a disk", process::WaitKind::device);
  return awaited.result;
}

void Device::finish(RequestQueue&, BlockRequest& request) {
  if (arch::is_this_core(request.flight.core)) return deliver(request);
  carrier().take(request);
}

void Device::deliver(BlockRequest& request) {
  process::scheduler().device_work_ends();
  if (request.completions != nullptr) return request.completions->arrive(request);
  if (request.done != nullptr) request.done(request);
}

}  // namespace toro::block

namespace toro {
namespace {

const block::Device& device_of(const BlockDevice& device) {
  return static_cast<const block::Device&>(device);
}
block::Device& device_of(BlockDevice& device) {
  return static_cast<block::Device&>(device);
}

}  // namespace

std::string_view BlockDevice::name() const {
  return device_of(*this).name_.view();
}
std::string_view BlockDevice::identity() const {
  return device_of(*this).queue_.properties().identity.view();
}
std::uint32_t BlockDevice::sector_size() const {
  return device_of(*this).queue_.properties().sector_size;
}
std::uint64_t BlockDevice::sectors() const {
  return device_of(*this).queue_.sectors();
}
bool BlockDevice::is_read_only() const {
  return device_of(*this).queue_.properties().read_only;
}
bool BlockDevice::supports(BlockOperation operation) const {
  const bool changes = operation != BlockOperation::read && operation != BlockOperation::flush;
  return device_of(*this).queue_.limit(operation) != 0 && !(changes && is_read_only());
}
std::uint32_t BlockDevice::core() const {
  return device_of(*this).core_;
}

BlockResult BlockDevice::read(std::uint64_t sector, std::span<std::byte> data) {
  BlockRequest request{.operation = BlockOperation::read, .sector = sector, .data = {&data, 1}};
  return device_of(*this).execute(request);
}
BlockResult BlockDevice::write(std::uint64_t sector, std::span<const std::byte> data) {
  const std::span<std::byte> segment(const_cast<std::byte*>(data.data()), data.size());  // is only read
  BlockRequest request{.operation = BlockOperation::write, .sector = sector, .data = {&segment, 1}};
  return device_of(*this).execute(request);
}
BlockResult BlockDevice::flush() {
  BlockRequest request{.operation = BlockOperation::flush};
  return device_of(*this).execute(request);
}
BlockResult BlockDevice::discard(std::uint64_t sector, std::uint64_t count) {
  BlockRequest request{.operation = BlockOperation::discard, .sector = sector, .count = count};
  return device_of(*this).execute(request);
}
BlockResult BlockDevice::write_zeroes(std::uint64_t sector, std::uint64_t count) {
  BlockRequest request{.operation = BlockOperation::write_zeroes, .sector = sector, .count = count};
  return device_of(*this).execute(request);
}

void BlockDevice::submit(BlockRequest& request) {
  request.flight.next = nullptr;
  device_of(*this).submit_chain(request);
}
void BlockDevice::submit(std::span<BlockRequest* const> requests) {
  if (requests.empty()) return;
  for (std::size_t i = 0; i < requests.size(); ++i)
    requests[i]->flight.next = i + 1 < requests.size() ? requests[i + 1] : nullptr;
  device_of(*this).submit_chain(*requests.front());
}

}  // namespace toro
