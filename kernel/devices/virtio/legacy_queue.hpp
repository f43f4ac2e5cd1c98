// The queue of a legacy device: descriptors, available and used ring in one piece, told to it as a page number.
// [virtio 1.2 §2.7.2, §2.7.4.1]
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

#include "kernel/devices/virtio/error.hpp"
#include "kernel/devices/virtio/split_queue.hpp"
#include "kernel/devices/virtio/transport.hpp"

namespace toro::virtio {

inline constexpr std::size_t kLegacyPage = 4096;

/// Where the parts of a queue of `size` entries lie from its first page on, in bytes. What the driver alone sees
/// follows.
struct LegacyLayout {
  std::size_t available, used, state, end;

  explicit constexpr LegacyLayout(std::uint16_t size)
      : available(sizeof(Descriptor) * size),
        used(round_up(available + sizeof(std::uint16_t) * (3U + size))),
        state(round_up(used + sizeof(UsedHeader) + sizeof(UsedElement) * size + sizeof(std::uint16_t))),
        end(round_up(state + sizeof(DescriptorState) * size)) {}

 private:
  static constexpr std::size_t round_up(std::size_t bytes) {
    return (bytes + kLegacyPage - 1) / kLegacyPage * kLegacyPage;
  }
};

/// For LegacyQueues::set_up. `capacity`: what the driver had in mind, which counts where the size may be chosen.
/// Error::queue_absent, Error::queue_in_use, Error::no_memory, Error::configuration_invalid where the size is no power
/// of two.
[[nodiscard]] std::expected<void, Error> set_up_legacy_queue(Transport& transport, std::uint16_t index,
                                                             SplitQueue& queue, std::uint16_t capacity);

}  // namespace toro::virtio
