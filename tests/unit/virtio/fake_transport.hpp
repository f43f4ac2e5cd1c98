// A transport without a machine: its device side executes chains on the host, and can break every rule.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "kernel/devices/virtio/split_queue.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio::test {

class FakeTransport final : public Transport {
 public:
  FakeTransport() = default;
  explicit FakeTransport(const LegacyQueues& queues) : Transport(queues), offered() {}

  // What a device takes out of the available ring.
  struct Chain {
    std::uint16_t head = 0;
    std::vector<std::span<const std::byte>> readable;
    std::vector<std::span<std::byte>> writable;

    [[nodiscard]] std::vector<std::byte> data() const {
      std::vector<std::byte> all;
      for (auto part : readable) all.insert(all.end(), part.begin(), part.end());
      return all;
    }
    // Copies into the writable parts what fits and returns how much that was.
    std::uint32_t fill(std::span<const std::byte> bytes) const {
      std::uint32_t done = 0;
      for (auto part : writable) {
        const std::size_t length = std::min(part.size(), bytes.size() - done);
        if (length > 0) std::memcpy(part.data(), bytes.data() + done, length);
        done += static_cast<std::uint32_t>(length);
      }
      return done;
    }
  };

  struct Queue {
    std::uint16_t limit = 128;
    bool enabled = false;
    QueueAddresses at;
    std::uint16_t available_seen = 0;
    unsigned notified = 0;

    [[nodiscard]] Descriptor* descriptors() const { return reinterpret_cast<Descriptor*>(at.descriptors); }
    [[nodiscard]] std::uint16_t* available() const { return reinterpret_cast<std::uint16_t*>(at.available); }
    [[nodiscard]] UsedHeader* used() const { return reinterpret_cast<UsedHeader*>(at.used); }
    // From which entry on the device wants to be notified, with Feature::event_index.
    [[nodiscard]] std::uint16_t& wanted_index() const {
      return *reinterpret_cast<std::uint16_t*>(at.used + 4 + std::uint64_t{8} * at.size);
    }
    [[nodiscard]] UsedElement* used_ring() const { return reinterpret_cast<UsedElement*>(at.used + 4); }
  };

  // How the device is made.
  DeviceType device_type = DeviceType::console;
  Features offered = Features{}.with(Feature::version1);
  bool resets = true;
  bool accepts_features = true;
  std::vector<std::uint8_t> configuration = std::vector<std::uint8_t>(64);
  std::function<std::uint32_t()> generation = [] { return 0U; };
  std::function<void(std::uint16_t)> on_notify = [](std::uint16_t) {};

  // What the driver did.
  std::vector<std::uint8_t> statuses;
  Features accepted;
  DeviceStatus current;
  std::map<std::uint16_t, Queue> queues;
  InterruptCause pending;
  unsigned asked_why = 0;

  // The device's side.
  std::optional<Chain> pop(std::uint16_t index) {
    Queue& queue = queues[index];
    if (!queue.enabled) return std::nullopt;
    const std::uint16_t there = std::atomic_ref(queue.available()[1]).load(std::memory_order_acquire);
    if (there == queue.available_seen) return std::nullopt;
    Chain chain{.head = queue.available()[2 + queue.available_seen++ % queue.at.size], .readable = {}, .writable = {}};
    const Descriptor* table = queue.descriptors();
    for (std::uint16_t at = chain.head;;) {
      const Descriptor& descriptor = table[at];
      if ((descriptor.flags & 4) != 0) {
        table = reinterpret_cast<const Descriptor*>(descriptor.address);
        at = 0;
        continue;
      }
      auto* data = reinterpret_cast<std::byte*>(descriptor.address);
      if ((descriptor.flags & 2) != 0) {
        chain.writable.emplace_back(data, descriptor.length);
      } else {
        chain.readable.emplace_back(data, descriptor.length);
      }
      if ((descriptor.flags & 1) == 0) return chain;
      at = descriptor.next;
    }
  }
  void push(std::uint16_t index, std::uint32_t head, std::uint32_t written) {
    Queue& queue = queues[index];
    queue.used_ring()[queue.used()->index % queue.at.size] = {.id = head, .length = written};
    set_used_index(index, static_cast<std::uint16_t>(queue.used()->index + 1));
  }
  void set_used_index(std::uint16_t index, std::uint16_t value) {
    Queue& queue = queues[index];
    const std::uint16_t before = queue.used()->index;
    std::atomic_ref(queue.used()->index).store(value, std::memory_order_release);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (accepted.has(Feature::event_index)) {
      const std::uint16_t event = std::atomic_ref(queue.available()[2 + queue.at.size]).load(std::memory_order_relaxed);
      for (std::uint16_t i = before; i != value; ++i) pending.queue |= i == event;
    } else if ((std::atomic_ref(queue.available()[0]).load(std::memory_order_relaxed) & 1) == 0)
      pending.queue = true;
  }

  // Transport.
  DeviceType type() override { return device_type; }
  DeviceStatus status() override { return current; }
  void set_status(DeviceStatus status) override {
    statuses.push_back(status.bits);
    current = status;
    if (!accepts_features) current.bits &= static_cast<std::uint8_t>(~8U);
  }
  void reset() override {
    statuses.push_back(0);
    if (resets) current = {};
    for (auto& [index, queue] : queues) {
      const std::uint16_t limit = queue.limit;
      queue = {};
      queue.limit = limit;
    }
    pending = {};
  }
  Features device_features() override { return offered; }
  void set_driver_features(Features features) override { accepted = features; }
  std::expected<std::uint16_t, Error> queue_size_limit(std::uint16_t index) override {
    if (queues[index].enabled) return std::unexpected(Error::queue_in_use);
    if (queues[index].limit == 0) return std::unexpected(Error::queue_absent);
    return queues[index].limit;
  }
  std::expected<void, Error> enable_queue(std::uint16_t index, const QueueAddresses& addresses) override {
    queues[index].at = addresses;
    queues[index].enabled = true;
    return {};
  }
  void notify(std::uint16_t index) override {
    ++queues[index].notified;
    on_notify(index);
  }
  InterruptCause take_interrupt() override {
    ++asked_why;
    return std::exchange(pending, {});
  }
  InterruptCause take_expected_interrupt() override {
    return {.queue = std::exchange(pending.queue, false), .configuration = false};
  }
  std::uint32_t configuration_generation() override { return generation(); }
  std::uint8_t configuration8(std::uint32_t offset) override { return read<std::uint8_t>(offset); }
  std::uint16_t configuration16(std::uint32_t offset) override { return read<std::uint16_t>(offset); }
  std::uint32_t configuration32(std::uint32_t offset) override { return read<std::uint32_t>(offset); }

 private:
  template <typename T>
  T read(std::uint32_t offset) const {
    T value{};
    std::memcpy(&value, configuration.data() + offset, sizeof value);
    return value;
  }
};

}  // namespace toro::virtio::test
