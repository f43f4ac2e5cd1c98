// The one instance of the MMIO transport that a kernel needs.
#include "kernel/devices/virtio/mmio_transport.hpp"

namespace toro::virtio {

template class BasicMmioTransport<VolatileWindow>;

}  // namespace toro::virtio
