// The virtio_mmio.device parameters of the kernel command line.
#include "kernel/devices/virtio/mmio_discovery.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace toro::virtio;

TEST_CASE("virtio discovery: QEMU microvm's command line") {
  std::array<MmioDevice, 4> devices;
  const auto result = find_mmio_devices(
      "hello world virtio_mmio.device=512@0xfeb00e00:12 virtio_mmio.device=512@0xfeb00c00:11", devices);
  CHECK(result.found == 2);
  CHECK(result.malformed == 0);
  CHECK(devices[0].base == 0xfeb00e00);
  CHECK(devices[0].size == 512);
  CHECK(devices[0].irq == 12);
  CHECK(devices[1].base == 0xfeb00c00);
  CHECK(devices[1].irq == 11);
}

TEST_CASE("virtio discovery: suffixes, bases, id") {
  std::array<MmioDevice, 1> devices;
  for (const char* text : {"virtio_mmio.device=4K@0xd0000000:5", "virtio_mmio.device=0x1000@3489660928:0x5:7",
                           "\t virtio_mmio.device=4096@0XD0000000:5:0\n", "it's virtio_mmio.device=4k@0xd0000000:5"}) {
    CAPTURE(text);
    const auto result = find_mmio_devices(text, devices);
    CHECK(result.found == 1);
    CHECK(devices[0].base == 0xd0000000);
    CHECK(devices[0].size == 4096);
    CHECK(devices[0].irq == 5);
  }
  CHECK(find_mmio_devices("virtio_mmio.device=1M@0xd0000000:5", devices).found == 1);
  CHECK(devices[0].size == 1U << 20);
}

TEST_CASE("virtio discovery: what is malformed is counted and not used") {
  std::array<MmioDevice, 4> devices;
  for (const char* text : {"virtio_mmio.device=",
                           "virtio_mmio.device=512",
                           "virtio_mmio.device=512@",
                           "virtio_mmio.device=512@0xfeb00e00",
                           "virtio_mmio.device=512@0xfeb00e00:",
                           "virtio_mmio.device=@0xfeb00e00:1",
                           "virtio_mmio.device=512@0x:1",
                           "virtio_mmio.device=512@0xfeb00e00:12:",
                           "virtio_mmio.device=512@0xfeb00e00:12x",
                           "virtio_mmio.device=512@0xfeb00e00:12:1:1",
                           "virtio_mmio.device=-1@0xfeb00e00:12",
                           "virtio_mmio.device=512@0xfeb00e01:12",
                           "virtio_mmio.device=512@0:12",
                           "virtio_mmio.device=255@0x1000:12",
                           "virtio_mmio.device=512@0xffffffffffffff00:12",
                           "virtio_mmio.device=512@0x10000000000000000:12",
                           "virtio_mmio.device=512@99999999999999999999999:12",
                           "virtio_mmio.device=18446744073709551615K@0x1000:12",
                           "virtio_mmio.device=512@0x1000:1024",
                           "virtio_mmio.device=512G@0x1000:1"}) {
    CAPTURE(text);
    const auto result = find_mmio_devices(text, devices);
    CHECK(result.found == 0);
    CHECK(result.malformed == 1);
  }
}

TEST_CASE("virtio discovery: overlap, too many, other words") {
  std::array<MmioDevice, 1> devices;
  auto result = find_mmio_devices("virtio_mmio.device=512@0x1000:1 virtio_mmio.device=512@0x11fc:2", devices);
  CHECK(result.found == 1);
  CHECK(result.malformed == 1);
  result = find_mmio_devices("virtio_mmio.device=512@0x1000:1 virtio_mmio.device=512@0x1200:2", devices);
  CHECK(result.found == 1);
  CHECK(result.omitted == 1);
  result = find_mmio_devices("xvirtio_mmio.device=512@0x1000:1 virtio_mmio.devices=3 virtio_mmio.device", devices);
  CHECK(result.found + result.malformed + result.omitted == 0);
  CHECK(find_mmio_devices("virtio_mmio.device=512@0x1000:1", {}).omitted == 1);
  CHECK(find_mmio_devices("", devices).found == 0);
  CHECK(is_mmio_device_parameter("virtio_mmio.device=nonsense"));
  CHECK_FALSE(is_mmio_device_parameter("virtio"));
}
