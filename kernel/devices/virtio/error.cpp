// The words for each virtio error.
#include "kernel/devices/virtio/error.hpp"

namespace toro::virtio {

using namespace std::string_view_literals;

std::string_view describe(Error error) {
  switch (error) {
    case Error::no_device:
      return "no device behind this transport"sv;
    case Error::wrong_magic:
      return "no virtio-mmio register block at this address (magic value differs)"sv;
    case Error::legacy_transport:
      return "virtio-mmio version 1 (legacy) is not supported; start QEMU with -global virtio-mmio.force-legacy=false"sv;
    case Error::unknown_transport_version:
      return "unknown version of virtio-mmio"sv;
    case Error::wrong_device_type:
      return "the device is of another type than its driver"sv;
    case Error::reset_timeout:
      return "the device did not finish its reset"sv;
    case Error::feature_missing:
      return "the device lacks a feature that the driver needs"sv;
    case Error::features_refused:
      return "the device refused the chosen features"sv;
    case Error::queue_absent:
      return "the device does not have this queue"sv;
    case Error::queue_in_use:
      return "the queue is already in use after a reset"sv;
    case Error::configuration_unstable:
      return "the device keeps changing its configuration while it is read"sv;
    case Error::configuration_invalid:
      return "the device's configuration contradicts itself"sv;
    case Error::no_memory:
      return "no memory for it"sv;
    case Error::invalid_argument:
      return "invalid argument"sv;
    case Error::queue_full:
      return "the queue has no free descriptors"sv;
    case Error::port_absent:
      return "the console has no such port"sv;
    case Error::port_closed:
      return "the port is not open"sv;
    case Error::no_port_buffers:
      return "all port buffers of this console are taken by other ports"sv;
    case Error::not_started:
      return "the driver has not been started"sv;
    case Error::used_index_jump:
      return "the device completed more requests than were in flight"sv;
    case Error::used_id_invalid:
      return "the device completed a request that was not in flight"sv;
    case Error::used_length_invalid:
      return "the device says it wrote more than it was offered"sv;
    case Error::buffers_missing:
      return "the device spread a frame over buffers that it did not fill"sv;
    case Error::queue_broken:
      return "the queue is out of use since the device broke its rules"sv;
    case Error::device_needs_reset:
      return "the device asks for a reset"sv;
  }
  return "unknown error"sv;
}

}  // namespace toro::virtio
