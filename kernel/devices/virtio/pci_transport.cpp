// The one instance of the PCI transport that a kernel needs.
#include "kernel/devices/virtio/pci_transport.hpp"

namespace toro::virtio {

template class BasicPciTransport<VolatilePciWindow>;

}  // namespace toro::virtio
