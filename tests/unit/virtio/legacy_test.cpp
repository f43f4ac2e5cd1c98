// The legacy interface: negotiation, queues in one piece, the MMIO transport of version 1.
#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "kernel/devices/virtio/initialization.hpp"
#include "kernel/devices/virtio/mmio_legacy_transport.hpp"
#include "tests/unit/virtio/legacy_pages.hpp"

using namespace toro::virtio;
using toro::virtio::test::Pages;

namespace {

using R = MmioRegister;

constexpr LegacyQueues kChosen{set_up_legacy_queue, Pages::allocate, LegacyQueues::Size::chosen};
constexpr LegacyQueues kFixed{set_up_legacy_queue, Pages::allocate, LegacyQueues::Size::fixed};

struct RegisterFile {
  std::map<R, std::uint32_t> values{{R::magic_value, kMmioMagic},
                                    {R::version, 1},
                                    {R::device_id, 3},
                                    {R::device_features, 0x3000'0002},
                                    {R::queue_size_max, 128}};
  std::vector<std::pair<R, std::uint32_t>> writes;
};

struct FakeWindow {
  RegisterFile* file;

  std::uint32_t read(R which) { return file->values[which]; }
  void write(R which, std::uint32_t value) {
    file->values[which] = value;
    file->writes.emplace_back(which, value);
  }
  std::uint8_t configuration8(std::uint32_t) { return 1; }
  std::uint16_t configuration16(std::uint32_t) { return 2; }
  std::uint32_t configuration32(std::uint32_t) { return 3; }
};

using Fake = BasicMmioLegacyTransport<FakeWindow>;

struct Device {
  explicit Device(const LegacyQueues& queues = kChosen) : transport(*Fake::create({&file}, queues)) {
    Pages::left = 100;
    Pages::given.clear();
  }
  RegisterFile file;
  Fake transport;
  QueueMemory<16> memory;
  SplitQueue queue;
};

}  // namespace

TEST_CASE("virtio legacy: create takes version 1 alone") {
  RegisterFile file;
  CHECK(Fake::create({&file}, kChosen)->legacy());
  file.values[R::device_id] = 0;
  CHECK(Fake::create({&file}, kChosen).error() == Error::no_device);
  file.values[R::version] = 2;
  CHECK(Fake::create({&file}, kChosen).error() == Error::unknown_transport_version);
  file.values[R::magic_value] = 1;
  CHECK(Fake::create({&file}, kChosen).error() == Error::wrong_magic);
  CHECK(file.writes.empty());
}

TEST_CASE("virtio legacy: negotiation asks for no version and is not confirmed") {
  Device device;
  enum class Own : std::uint8_t { first = 0, second = 1 };
  const auto agreed = initialize(device.transport, Features{}.with(Own::first).with(Own::second), {},
                                 [](Features) -> std::expected<void, Error> { return {}; });
  REQUIRE(agreed.has_value());
  CHECK(agreed->bits == 2);
  const std::vector<std::pair<R, std::uint32_t>> wanted{{R::status, 0},
                                                        {R::status, 1},
                                                        {R::status, 3},
                                                        {R::device_features_select, 0},
                                                        {R::driver_features_select, 0},
                                                        {R::driver_features, 2},
                                                        {R::status, 7}};
  CHECK(device.file.writes == wanted);
  CHECK(negotiate(device.transport, {}, Features{}.with(Own::first)).error() == Error::feature_missing);
}

TEST_CASE("virtio legacy: a queue lies in one piece and is told by its page") {
  Device device;
  REQUIRE(set_up_queue(device.transport, 3, device.queue, device.memory.view()).has_value());
  CHECK(device.queue.size() == 16);
  const auto descriptors = reinterpret_cast<std::uintptr_t>(device.queue.descriptors().data());
  CHECK(descriptors % kLegacyPage == 0);
  CHECK(device.queue.descriptors().data() != device.memory.descriptors.data());
  const auto page = static_cast<std::uint32_t>(descriptors / kLegacyPage);
  const std::vector<std::pair<R, std::uint32_t>> wanted{
      {R::queue_select, 3}, {R::legacy_page_size, 4096},       {R::queue_select, 3},
      {R::queue_size, 16},  {R::legacy_queue_alignment, 4096}, {R::legacy_queue_page, page}};
  CHECK(device.file.writes == wanted);
  CHECK(set_up_queue(device.transport, 3, device.queue, device.memory.view()).error() == Error::queue_in_use);
}

TEST_CASE("virtio legacy: the driver's chains reach the device, and its answers the driver") {
  Device device(kFixed);
  REQUIRE(set_up_queue(device.transport, 0, device.queue, device.memory.view()).has_value());
  CHECK(device.queue.size() == 128);  // the device's, not the driver's
  auto* const ring = reinterpret_cast<std::byte*>(const_cast<Descriptor*>(device.queue.descriptors().data()));
  const LegacyLayout layout(128);
  CHECK(layout.available == 2048);
  CHECK(layout.used == 4096);
  CHECK(layout.state == 8192);
  std::byte data[8]{};
  REQUIRE(device.queue.submit_writable(data, 77).has_value());
  CHECK(device.queue.publish());
  const auto* available = reinterpret_cast<std::uint16_t*>(ring + layout.available);
  CHECK(available[1] == 1);
  auto* used = reinterpret_cast<UsedHeader*>(ring + layout.used);
  *reinterpret_cast<UsedElement*>(used + 1) = {.id = available[2], .length = 8};
  used->index = 1;
  const auto completion = device.queue.poll();
  REQUIRE(completion.has_value());
  CHECK((*completion)->cookie == 77);
}

TEST_CASE("virtio legacy: queues that cannot be") {
  Device device(kFixed);
  const auto set_up = [&] { return set_up_queue(device.transport, 0, device.queue, device.memory.view()); };
  device.file.values[R::queue_size_max] = 0;
  CHECK(set_up().error() == Error::queue_absent);
  device.file.values[R::queue_size_max] = 100;
  CHECK(set_up().error() == Error::configuration_invalid);
  device.file.values[R::queue_size_max] = 0xffff'ffff;
  CHECK(set_up().error() == Error::no_memory);
  device.file.values[R::queue_size_max] = 128;
  Pages::left = 2;
  CHECK(set_up().error() == Error::no_memory);
  Pages::left = 3;
  CHECK(set_up().has_value());
}

TEST_CASE("virtio legacy: interrupts and configuration") {
  Device device;
  device.file.values[R::interrupt_status] = 3;
  const InterruptCause cause = device.transport.take_interrupt();
  CHECK(cause.queue);
  CHECK(cause.configuration);
  CHECK(device.file.values[R::interrupt_acknowledge] == 3);
  CHECK(device.transport.configuration_generation() == 0);
  CHECK(device.transport.configuration16(0) == 2);
  device.transport.notify(5);
  CHECK(device.file.values[R::queue_notify] == 5);
}
