// A channel and its drives: transfers by the processor and by the bus master, and drives that do what they must not.
#include "kernel/devices/ide/channel.hpp"

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <vector>

#include "tests/unit/ide/fake_drive.hpp"

using namespace toro::ide;
using namespace toro::ide::test;
using toro::block::Operation;
using Progress = Channel::Progress;

namespace {

constexpr std::size_t kLowMemory = 0x40000;

/// Memory that the bus master reaches.
struct LowMemory {
  std::byte* begin = static_cast<std::byte*>(
      mmap(nullptr, kLowMemory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0));
  LowMemory() { REQUIRE(begin != MAP_FAILED); }
  LowMemory(const LowMemory&) = delete;
  LowMemory& operator=(const LowMemory&) = delete;
  ~LowMemory() { munmap(begin, kLowMemory); }
};

struct Machine {
  FakeChannel fake;
  Regions regions{};
  Channel channel{fake, regions};
  LowMemory memory;

  std::span<std::byte> data(std::size_t offset, std::size_t sectors) {
    return {memory.begin + offset, sectors * kSectorSize};
  }
  /// Runs the task to its end.
  Progress run(const Task& task) {
    if (!channel.begin(task)) return Progress::broken;
    Progress progress = Progress::goes_on;
    while (progress == Progress::goes_on) {
      if (!fake.interrupts) return Progress::not_asked;
      progress = channel.on_interrupt();
    }
    return progress;
  }
};

}  // namespace

TEST_CASE("IDE: drives say what they are") {
  Machine machine;
  machine.fake.add(0, 1000, false);
  machine.fake.add(1, 2000, true);
  const auto first = machine.channel.identify(0);
  REQUIRE(first.has_value());
  CHECK(first->sectors == 1000);
  CHECK_FALSE(first->has_48_bit_addresses);
  CHECK(first->has_dma);
  CHECK(first->has_write_cache);
  CHECK(first->name.view() == "FAKE DISK S1");
  const auto second = machine.channel.identify(1);
  REQUIRE(second.has_value());
  CHECK(second->sectors == 2000);
  CHECK(second->has_48_bit_addresses);
  CHECK_FALSE(machine.fake.interrupts);
}

TEST_CASE("IDE: what is no disk") {
  Machine machine;
  CHECK(machine.channel.identify(0).error() == DriveError::absent);
  machine.fake.add(0, 10, false);
  CHECK(machine.channel.identify(1).error() == DriveError::absent);
  machine.fake.drives[0]->packet = true;
  CHECK(machine.channel.identify(0).error() == DriveError::packet);
  machine.fake.drives[0]->packet = false;
  machine.fake.silent = true;
  CHECK(machine.channel.identify(0).error() == DriveError::silent);
}

TEST_CASE("IDE: an identity that contradicts itself is refused") {
  IdentityData data(1000, true);
  CHECK(read_identity(data.bytes()).has_value());
  data.words[49] = 0;
  CHECK(read_identity(data.bytes()).error() == DriveError::unusable);
  data = IdentityData(0, false);
  CHECK(read_identity(data.bytes()).error() == DriveError::unusable);
  data = IdentityData(1000, true);
  data.words[106] = 1 << 14 | 1 << 12;
  CHECK(read_identity(data.bytes()).error() == DriveError::unusable);
  data = IdentityData(1000, true);
  data.words[103] = 0xffff;  // more than 48 bits: the 28-bit number counts
  REQUIRE(read_identity(data.bytes()).has_value());
  CHECK(read_identity(data.bytes())->sectors == 1000);
  CHECK_FALSE(read_identity(data.bytes())->has_48_bit_addresses);
}

TEST_CASE("IDE: reads and writes, each way, on both drives") {
  for (const bool ext : {false, true}) {
    for (const bool dma : {false, true}) {
      Machine machine;
      machine.fake.add(0, 300, ext);
      machine.fake.add(1, 300, ext);
      machine.channel.start();
      for (const std::uint8_t drive : {std::uint8_t{0}, std::uint8_t{1}}) {
        CAPTURE(ext);
        CAPTURE(dma);
        // Three pieces, of which the second crosses a 64 KiB block.
        std::span<std::byte> pieces[]{machine.data(0, 2), machine.data(0x10000 - 512, 3), machine.data(0x30000, 1)};
        Task task{.drive = drive,
                  .has_48_bit_addresses = ext,
                  .may_use_dma = dma,
                  .operation = Operation::read,
                  .sector = 260,
                  .count = 6,
                  .data = pieces};
        CHECK(machine.run(task) == Progress::done);
        auto* medium = &machine.fake.drives[drive]->medium.at(260 * kSectorSize);
        CHECK(std::memcmp(pieces[0].data(), medium, 1024) == 0);
        CHECK(std::memcmp(pieces[1].data(), medium + 1024, 1536) == 0);
        CHECK(std::memcmp(pieces[2].data(), medium + 2560, 512) == 0);

        for (std::byte& byte : pieces[1]) byte = std::byte{0x5a};
        task.operation = Operation::write;
        CHECK(machine.run(task) == Progress::done);
        CHECK(medium[1023] != std::byte{0x5a});
        CHECK(medium[1024] == std::byte{0x5a});
        CHECK(medium[2559] == std::byte{0x5a});
        CHECK_FALSE(machine.channel.is_busy());
      }
      CHECK((machine.fake.commands.back() == AtaCommand::write_dma ||
             machine.fake.commands.back() == AtaCommand::write_dma_ext) == dma);
    }
  }
}

TEST_CASE("IDE: 256 sectors at once, and a flush") {
  Machine machine;
  machine.fake.add(0, 300, false);
  machine.channel.start();
  std::span<std::byte> piece = machine.data(0, 128);
  std::span<std::byte> pieces[]{piece, machine.data(0x10000, 128)};
  for (const bool dma : {false, true}) {
    const Task task{.may_use_dma = dma, .operation = Operation::read, .count = 256, .data = pieces};
    CHECK(machine.run(task) == Progress::done);
    CHECK(std::memcmp(pieces[1].data(), &machine.fake.drives[0]->medium[0x10000], 0x10000) == 0);
  }
  CHECK(machine.run({.operation = Operation::flush}) == Progress::done);
  CHECK(machine.fake.commands.back() == AtaCommand::flush_cache);
}

TEST_CASE("IDE: a drive that takes blocks of sectors interrupts for each of them") {
  Machine machine;
  machine.fake.add(0, 300, false);
  auto& plain = machine.fake.add(1, 300, false);
  plain.takes_blocks = false;
  REQUIRE(machine.channel.identify(0)->block_sectors == IdentityData::kMostBlock);
  REQUIRE(machine.channel.identify(1).has_value());
  machine.channel.start();
  std::span<std::byte> pieces[]{machine.data(0, 3), machine.data(0x10000, 7)};
  for (const auto operation : {Operation::read, Operation::write}) {
    for (const std::uint8_t drive : {std::uint8_t{0}, std::uint8_t{1}}) {
      int interrupts = 0;
      REQUIRE(
          machine.channel.begin({.drive = drive, .operation = operation, .sector = 20, .count = 10, .data = pieces}));
      do ++interrupts;
      while (machine.channel.on_interrupt() == Progress::goes_on);
      CHECK(interrupts == (drive == 0 ? 3 : 10));
      CHECK(std::memcmp(pieces[1].data(), &machine.fake.drives[drive]->medium[23 * kSectorSize], 7 * kSectorSize) == 0);
    }
  }
  CHECK(machine.fake.commands.back() == AtaCommand::write_sectors);
  machine.channel.abort();
  CHECK(machine.run({.operation = Operation::read, .count = 10, .data = pieces}) == Progress::done);
  CHECK(machine.fake.commands.back() == AtaCommand::read_sectors);
}

TEST_CASE("IDE: memory that the bus master does not reach is moved by the processor") {
  Machine machine;
  machine.fake.add(0, 300, false);
  machine.channel.start();
  std::vector<std::byte> high(kSectorSize);
  std::span<std::byte> pieces[]{high};
  CHECK(machine.run({.may_use_dma = true, .operation = Operation::read, .count = 1, .data = pieces}) == Progress::done);
  CHECK(machine.fake.commands.back() == AtaCommand::read_sectors);
}

TEST_CASE("IDE: errors are the task's, broken promises the drive's") {
  for (const bool dma : {false, true}) {
    Machine machine;
    auto& drive = machine.fake.add(0, 300, false);
    machine.channel.start();
    drive.bad_sector = 7;
    std::span<std::byte> pieces[]{machine.data(0, 4)};
    Task task{.may_use_dma = dma, .operation = Operation::read, .sector = 5, .count = 4, .data = pieces};
    CHECK(machine.run(task) == Progress::failed);
    task.operation = Operation::write;
    CHECK(machine.run(task) == Progress::failed);
    task.sector = 8;
    CHECK(machine.run(task) == Progress::done);
  }
  Machine machine;
  machine.fake.add(0, 300, false);
  machine.channel.start();
  machine.fake.asks_on = true;
  std::span<std::byte> pieces[]{machine.data(0, 1)};
  CHECK(machine.run({.operation = Operation::write, .count = 1, .data = pieces}) == Progress::broken);
}

TEST_CASE("IDE: a drive that never ends is aborted") {
  Machine machine;
  machine.fake.add(0, 300, false);
  machine.channel.start();
  machine.fake.silent = true;
  std::span<std::byte> pieces[]{machine.data(0, 1)};
  const Task task{.may_use_dma = true, .operation = Operation::read, .count = 1, .data = pieces};
  CHECK(machine.run(task) == Progress::not_asked);
  CHECK(machine.channel.is_busy());
  CHECK(machine.channel.on_interrupt() == Progress::not_asked);
  machine.channel.abort();
  CHECK(machine.fake.resets == 1);
  CHECK_FALSE(machine.channel.is_busy());
  CHECK(machine.run(task) == Progress::done);
}
