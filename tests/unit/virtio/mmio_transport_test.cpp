// The MMIO transport against a register file that records what it does.
#include "kernel/devices/virtio/mmio_transport.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <utility>
#include <vector>

using namespace toro::virtio;

namespace {

struct RegisterFile {
  std::map<MmioRegister, std::uint32_t> values{{MmioRegister::magic_value, kMmioMagic},
                                               {MmioRegister::version, 2},
                                               {MmioRegister::device_id, 3},
                                               {MmioRegister::queue_size_max, 128}};
  std::vector<std::pair<MmioRegister, std::uint32_t>> writes;
  std::array<std::uint8_t, 16> configuration{1, 2, 3, 4, 5, 6, 7, 8};
};

struct FakeWindow {
  RegisterFile* file;

  std::uint32_t read(MmioRegister which) {
    if (which == MmioRegister::device_features) {
      return file->values[MmioRegister::device_features_select] == 0 ? 0x3000'0002 : 0x0000'0001;
    }
    return file->values[which];
  }
  void write(MmioRegister which, std::uint32_t value) {
    file->values[which] = value;
    file->writes.emplace_back(which, value);
  }
  std::uint8_t configuration8(std::uint32_t offset) { return file->configuration[offset]; }
  std::uint16_t configuration16(std::uint32_t offset) {
    return static_cast<std::uint16_t>(configuration8(offset) | configuration8(offset + 1) << 8);
  }
  std::uint32_t configuration32(std::uint32_t offset) {
    return configuration16(offset) | static_cast<std::uint32_t>(configuration16(offset + 2)) << 16;
  }
};

using Fake = BasicMmioTransport<FakeWindow>;
using R = MmioRegister;

}  // namespace

TEST_CASE("virtio mmio: create checks what is there and writes nothing") {
  RegisterFile file;
  CHECK(Fake::create({&file})->type() == DeviceType::console);
  file.values[R::device_id] = 0;
  CHECK(Fake::create({&file}).error() == Error::no_device);
  file.values[R::version] = 1;
  CHECK(Fake::create({&file}).error() == Error::legacy_transport);
  CHECK(describe(Error::legacy_transport).contains("force-legacy=false"));
  file.values[R::version] = 3;
  CHECK(Fake::create({&file}).error() == Error::unknown_transport_version);
  file.values[R::magic_value] = 0xffffffff;
  CHECK(Fake::create({&file}).error() == Error::wrong_magic);
  CHECK(file.writes.empty());
}

TEST_CASE("virtio mmio: features are 64 bits by halves") {
  RegisterFile file;
  Fake transport = *Fake::create({&file});
  CHECK(transport.device_features().bits == 0x1'3000'0002);
  transport.set_driver_features({0x1'0000'0002});
  const std::vector<std::pair<R, std::uint32_t>> wanted{{R::device_features_select, 0}, {R::device_features_select, 1},
                                                        {R::driver_features_select, 0}, {R::driver_features, 2},
                                                        {R::driver_features_select, 1}, {R::driver_features, 1}};
  CHECK(file.writes == wanted);
}

TEST_CASE("virtio mmio: a queue is selected once, described, then made ready") {
  RegisterFile file;
  Fake transport = *Fake::create({&file});
  CHECK(transport.queue_size_limit(5) == 128);
  REQUIRE(transport.enable_queue(5, {.descriptors = 0x1'2345'6780, .available = 0x2000, .used = 0x3000, .size = 16}));
  const std::vector<std::pair<R, std::uint32_t>> wanted{{R::queue_select, 5},
                                                        {R::queue_size, 16},
                                                        {R::queue_descriptors_low, 0x2345'6780},
                                                        {R::queue_descriptors_high, 1},
                                                        {R::queue_available_low, 0x2000},
                                                        {R::queue_available_high, 0},
                                                        {R::queue_used_low, 0x3000},
                                                        {R::queue_used_high, 0},
                                                        {R::queue_ready, 1}};
  CHECK(file.writes == wanted);
  CHECK(transport.queue_size_limit(6).error() == Error::queue_in_use);  // the file answers for every queue
  file.values[R::queue_ready] = 0;
  file.values[R::queue_size_max] = 0;
  CHECK(transport.queue_size_limit(6).error() == Error::queue_absent);
  file.values[R::queue_size_max] = 0xffff'ffff;
  CHECK(transport.queue_size_limit(6) == 32768);

  // After a reset the selection is not taken for granted.
  file.writes.clear();
  transport.reset();
  CHECK(transport.queue_size_limit(6).has_value());
  CHECK(file.writes == std::vector<std::pair<R, std::uint32_t>>{{R::status, 0}, {R::queue_select, 6}});
}

TEST_CASE("virtio mmio: interrupts, notification, status, configuration") {
  RegisterFile file;
  Fake transport = *Fake::create({&file});
  CHECK_FALSE(transport.take_interrupt().queue);
  CHECK(file.writes.empty());  // nothing pending: nothing acknowledged
  file.values[R::interrupt_status] = 0xffff'fffd;
  const InterruptCause cause = transport.take_interrupt();
  CHECK(cause.queue);
  CHECK_FALSE(cause.configuration);
  CHECK(file.values[R::interrupt_acknowledge] == 1);
  file.values[R::interrupt_acknowledge] = 0;
  CHECK(transport.take_expected_interrupt().queue);
  CHECK(file.values[R::interrupt_acknowledge] == 1);
  transport.notify(4);
  CHECK(file.values[R::queue_notify] == 4);
  transport.set_status(DeviceStatus{}.with(StatusBit::acknowledge).with(StatusBit::driver));
  CHECK(transport.status().bits == 3);
  CHECK(transport.configuration8(1) == 2);
  CHECK(transport.configuration16(2) == 0x0403);
  CHECK(transport.configuration32(4) == 0x08070605);
  file.values[R::configuration_generation] = 9;
  CHECK(transport.configuration_generation() == 9);
}

TEST_CASE("virtio mmio: the volatile window reads and writes where the registers are") {
  alignas(8) std::array<std::uint8_t, 0x200> memory{};
  const VolatileWindow window(reinterpret_cast<std::uintptr_t>(memory.data()));
  window.write(R::queue_used_high, 0x11223344);
  CHECK(memory[0xa4] == 0x44);
  CHECK(window.read(R::queue_used_high) == 0x11223344);
  memory[0x104] = 7;
  CHECK(window.configuration8(4) == 7);
  CHECK(window.configuration16(4) == 7);
  CHECK(window.configuration32(4) == 7);
  CHECK(MmioTransport::create(window).error() == Error::wrong_magic);
}
