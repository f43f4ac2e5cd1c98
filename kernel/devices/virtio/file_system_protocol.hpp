// What the file system device's specification defines. Its requests are FUSE's. [virtio 1.2 §5.11]
#pragma once

#include <cstddef>
#include <cstdint>

namespace toro::virtio {

/// Queues. Without the notification queue, which nobody asks for. [virtio 1.2 §5.11.2]
inline constexpr std::uint16_t kExpressQueue = 0, kFirstRequestQueue = 1;

/// Bytes of the configuration. [virtio 1.2 §5.11.4]
inline constexpr std::uint32_t kTagOffset = 0, kRequestQueuesOffset = 36;
inline constexpr std::size_t kTagBytes = 36;

}  // namespace toro::virtio
