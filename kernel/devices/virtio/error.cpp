// The words for each virtio error.
#include "kernel/devices/virtio/error.hpp"

namespace toro::virtio {

namespace {

// Without lengths the compiler makes a table of it, a third as long.
const char* text_of(Error error) {
  switch (error) {
    case Error::no_device:
      return "no device behind this transport";
    case Error::wrong_magic:
      return "no virtio-mmio register block at this address (magic value differs)";
    case Error::legacy_transport:
      return "virtio-mmio version 1 (legacy) is not supported; start QEMU with -global virtio-mmio.force-legacy=false";
    case Error::unknown_transport_version:
      return "unknown version of virtio-mmio";
    case Error::wrong_device_type:
      return "the device is of another type than its driver";
    case Error::reset_timeout:
      return "the device did not finish its reset";
    case Error::feature_missing:
      return "the device lacks a feature that the driver needs";
    case Error::features_refused:
      return "the device refused the chosen features";
    case Error::queue_absent:
      return "the device does not have this queue";
    case Error::queue_in_use:
      return "the queue is already in use after a reset";
    case Error::configuration_unstable:
      return "the device keeps changing its configuration while it is read";
    case Error::configuration_invalid:
      return "the device's configuration contradicts itself";
    case Error::no_memory:
      return "no memory for it";
    case Error::invalid_argument:
      return "invalid argument";
    case Error::queue_full:
      return "the queue has no free descriptors";
    case Error::port_absent:
      return "the console has no such port";
    case Error::port_closed:
      return "the port is not open";
    case Error::no_port_buffers:
      return "all port buffers of this console are taken by other ports";
    case Error::not_started:
      return "the driver has not been started";
    case Error::used_index_jump:
      return "the device completed more requests than were in flight";
    case Error::used_id_invalid:
      return "the device completed a request that was not in flight";
    case Error::used_length_invalid:
      return "the device says it wrote more than it was offered";
    case Error::buffers_missing:
      return "the device spread a frame over buffers that it did not fill";
    case Error::queue_broken:
      return "the queue is out of use since the device broke its rules";
    case Error::device_needs_reset:
      return "the device asks for a reset";
  }
  return "unknown error";
}

}  // namespace

std::string_view describe(Error error) {
  return text_of(error);
}

}  // namespace toro::virtio
