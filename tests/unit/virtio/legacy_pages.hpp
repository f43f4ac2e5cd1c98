// Memory for the queues of legacy devices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernel/devices/virtio/legacy_queue.hpp"

namespace toro::virtio::test {

/// Pages that a test can run out of.
struct Pages {
  static inline std::size_t left = 0;
  static inline std::vector<std::unique_ptr<std::byte[]>> given{};
  static void* allocate(std::size_t pages) {
    if (pages > left) return nullptr;
    left -= pages;
    given.push_back(std::make_unique<std::byte[]>((pages + 1) * kLegacyPage));
    const auto address = reinterpret_cast<std::uintptr_t>(given.back().get());
    return reinterpret_cast<void*>((address + kLegacyPage - 1) / kLegacyPage * kLegacyPage);
  }
};

}  // namespace toro::virtio::test
