// The PCI transport against registers that record what it does.
#include "kernel/devices/virtio/pci_transport.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <vector>

using namespace toro::virtio;

namespace {

struct Access {
  PciArea area;
  std::uint32_t offset;
  std::uint64_t value;
  std::size_t width;

  bool operator==(const Access&) const = default;
};

struct Registers {
  std::array<std::array<std::uint8_t, 64>, kPciAreas> bytes{};
  std::vector<Access> writes;
  bool refuses_messages = false;

  template <typename T>
  void set(PciArea area, std::uint32_t offset, T value) {
    std::memcpy(bytes[static_cast<unsigned>(area)].data() + offset, &value, sizeof value);
  }
  template <typename T>
  void set(PciRegister which, T value) {
    set(PciArea::common, static_cast<std::uint32_t>(which), value);
  }
};

struct FakeWindow {
  Registers* registers;

  template <typename T>
  T read(PciArea area, std::uint32_t offset) {
    if (area == PciArea::common && offset == static_cast<std::uint32_t>(PciRegister::device_features))
      return static_cast<T>(registers->bytes[0][0] == 0 ? 0x3000'0002 : 1);
    T value;
    std::memcpy(&value, registers->bytes[static_cast<unsigned>(area)].data() + offset, sizeof value);
    if (area == PciArea::isr) registers->set(area, offset, T{0});
    return value;
  }
  template <typename T>
  void write(PciArea area, std::uint32_t offset, T value) {
    registers->writes.push_back({area, offset, value, sizeof value});
    if (registers->refuses_messages && offset == static_cast<std::uint32_t>(PciRegister::queue_message))
      return registers->set(area, offset, kNoMessage);
    if (area == PciArea::common) registers->set(area, offset, value);
  }
};

using Fake = BasicPciTransport<FakeWindow>;
using R = PciRegister;

constexpr PciLayout kLayout{.regions = {{{0x1000, 64}, {0x2000, 32}, {0x3000, 1}, {0x4000, 10}}},
                            .notify_multiplier = 4};

Access common(PciRegister which, std::uint64_t value, std::size_t width) {
  return {PciArea::common, static_cast<std::uint32_t>(which), value, width};
}

Fake make(Registers& registers, std::uint16_t messages = 3) {
  return Fake({&registers}, kLayout, DeviceType::console, messages);
}

}  // namespace

TEST_CASE("virtio pci: features are 64 bits by halves") {
  Registers registers;
  Fake transport = make(registers);
  CHECK(transport.device_features().bits == 0x1'3000'0002);
  registers.writes.clear();
  transport.set_driver_features({0x1'0000'0002});
  CHECK(registers.writes ==
        std::vector<Access>{common(R::driver_features_select, 0, 4), common(R::driver_features, 2, 4),
                            common(R::driver_features_select, 1, 4), common(R::driver_features, 1, 4)});
}

TEST_CASE("virtio pci: a queue gets its message, its memory, and its place to notify") {
  Registers registers;
  registers.set(R::queue_size, std::uint16_t{128});
  registers.set(R::queue_notify_offset, std::uint16_t{5});
  Fake transport = make(registers);
  CHECK(transport.queue_size_limit(1) == 128);
  REQUIRE(transport.enable_queue(1, {.descriptors = 0x1'2345'6780, .available = 0x2000, .used = 0x3000, .size = 16}));
  const std::vector<Access> wanted{
      common(R::queue_select, 1, 2),
      common(R::queue_message, 2, 2),
      common(R::configuration_message, 0, 2),
      common(R::queue_size, 16, 2),
      common(R::queue_descriptors_low, 0x2345'6780, 4),
      common(R::queue_descriptors_high, 1, 4),
      common(R::queue_available_low, 0x2000, 4),
      common(R::queue_available_high, 0, 4),
      common(R::queue_used_low, 0x3000, 4),
      common(R::queue_used_high, 0, 4),
      common(R::queue_enable, 1, 2),
  };
  CHECK(registers.writes == wanted);
  registers.writes.clear();
  transport.notify(1);
  CHECK(registers.writes == std::vector<Access>{{PciArea::notify, 20, 1, 2}});
  CHECK(transport.queue_size_limit(1).error() == Error::queue_in_use);
  CHECK(transport.queue_size_limit(Fake::kQueues).error() == Error::queue_absent);
  registers.set(R::queue_size, std::uint16_t{0});
  CHECK(transport.queue_size_limit(2).error() == Error::queue_absent);
}

TEST_CASE("virtio pci: queues share the last message where there are too few") {
  for (const auto& [messages, queue, wanted] : {std::array{3, 7, 2}, std::array{1, 0, 0}, std::array{2, 0, 1}}) {
    Registers registers;
    Fake transport = make(registers, static_cast<std::uint16_t>(messages));
    REQUIRE(transport.enable_queue(static_cast<std::uint16_t>(queue), {.size = 16}));
    CHECK(registers.bytes[0][static_cast<unsigned>(R::queue_message)] == wanted);
  }
  Registers registers;
  Fake transport = make(registers, 0);
  REQUIRE(transport.enable_queue(0, {.size = 16}));
  CHECK(registers.writes[1] == common(R::queue_size, 16, 2));  // no message was asked for
}

TEST_CASE("virtio pci: a queue that cannot be notified, or does not interrupt, is refused") {
  Registers registers;
  Fake transport = make(registers);
  registers.set(R::queue_notify_offset, std::uint16_t{8});  // at 32, where the area ends
  CHECK(transport.enable_queue(0, {.size = 16}).error() == Error::configuration_invalid);
  registers.set(R::queue_notify_offset, std::uint16_t{0xffff});
  CHECK(transport.enable_queue(0, {.size = 16}).error() == Error::configuration_invalid);
  registers.set(R::queue_notify_offset, std::uint16_t{7});
  CHECK(transport.enable_queue(0, {.size = 16}).has_value());
  registers.refuses_messages = true;
  CHECK(transport.enable_queue(0, {.size = 16}).error() == Error::configuration_invalid);
}

TEST_CASE("virtio pci: the cause of an interrupt") {
  Registers registers;
  Fake by_messages = make(registers);
  CHECK_FALSE(by_messages.take_interrupt().queue);
  by_messages.signal(2);
  const InterruptCause queue = by_messages.take_interrupt();
  CHECK(queue.queue);
  CHECK_FALSE(queue.configuration);
  by_messages.signal(0);
  const InterruptCause configuration = by_messages.take_interrupt();
  CHECK_FALSE(configuration.queue);
  CHECK(configuration.configuration);
  CHECK_FALSE(by_messages.take_interrupt().configuration);

  Fake by_one = make(registers, 1);
  by_one.signal(0);
  CHECK(by_one.take_interrupt().queue);

  Fake by_pin = make(registers, 0);
  registers.set(PciArea::isr, 0, std::uint8_t{0xfe});
  const InterruptCause told = by_pin.take_interrupt();
  CHECK_FALSE(told.queue);
  CHECK(told.configuration);
  CHECK_FALSE(by_pin.take_interrupt().configuration);
}

TEST_CASE("virtio pci: configuration beyond its end is zero") {
  Registers registers;
  registers.bytes[3].fill(0x11);
  Fake transport = make(registers);
  CHECK(transport.configuration8(9) == 0x11);
  CHECK(transport.configuration8(10) == 0);
  CHECK(transport.configuration16(8) == 0x1111);
  CHECK(transport.configuration32(8) == 0);
  CHECK(transport.configuration32(0xffff'ffff) == 0);
}
