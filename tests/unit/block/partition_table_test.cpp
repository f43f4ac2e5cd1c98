// Partition tables that are well, and each way in which one is not.
#include "kernel/devices/block/partition_table.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string_view>
#include <vector>

using namespace toro;
using Reason = PartitionError::Reason;

namespace {

std::uint32_t crc32(std::span<const std::byte> bytes) {
  std::uint32_t crc = ~0U;
  for (const std::byte byte : bytes) {
    crc ^= static_cast<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

struct Disk {
  explicit Disk(std::size_t sectors_, std::uint32_t sector_size_ = 512)
      : sector_size(sector_size_), bytes(sectors_ * sector_size_) {}

  template <class T>
  void put(std::size_t offset, T value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
  }
  void mbr_entry(std::size_t sector, std::size_t slot, std::uint8_t type, std::uint32_t first, std::uint32_t count) {
    const std::size_t at = sector * sector_size + 446 + slot * 16;
    put<std::uint8_t>(at + 4, type);
    put(at + 8, first);
    put(at + 12, count);
    put<std::uint16_t>(sector * sector_size + 510, 0xaa55);
  }
  void gpt_entry(std::size_t slot, std::uint64_t first, std::uint64_t last, std::string_view name) {
    const std::size_t at = 2 * sector_size + slot * 128;
    put<std::uint8_t>(at, 0xaf);
    put(at + 32, first);
    put(at + 40, last);
    for (std::size_t i = 0; i < name.size(); ++i) put(at + 56 + 2 * i, static_cast<std::uint16_t>(name[i]));
  }
  // Both headers; the second one with the entries of the first.
  void seal(std::uint32_t entries = 128) {
    mbr_entry(0, 0, 0xee, 1, 0xffff'ffff);
    for (const std::uint64_t place : {std::uint64_t{1}, sectors() - 1}) {
      const std::size_t at = place * sector_size;
      std::memcpy(bytes.data() + at, "EFI PART", 8);
      put<std::uint32_t>(at + 8, 0x10000);
      put<std::uint32_t>(at + 12, 92);
      put<std::uint32_t>(at + 16, 0);
      put(at + 24, place);
      put<std::uint64_t>(at + 72, 2);
      put(at + 80, entries);
      put<std::uint32_t>(at + 84, 128);
      put(at + 88, crc32(std::span(bytes).subspan(2 * sector_size, std::size_t{entries} * 128)));
      put(at + 16, crc32(std::span(bytes).subspan(at, 92)));
    }
  }
  [[nodiscard]] std::uint64_t sectors() const { return bytes.size() / sector_size; }

  std::expected<std::size_t, Reason> read(std::size_t room = 16) {
    found.assign(room, {});
    std::vector<std::byte> buffer(sector_size);
    const auto load = [](void* context, std::uint64_t sector, std::span<std::byte> to) {
      auto& disk = *static_cast<Disk*>(context);
      REQUIRE(sector < disk.sectors());
      if (sector == disk.bad) return false;
      std::memcpy(to.data(), disk.bytes.data() + sector * disk.sector_size, to.size());
      return true;
    };
    return block::read_partition_table(
        {.context = this, .read = load, .sector_size = sector_size, .sectors = sectors()}, buffer, found);
  }

  std::uint32_t sector_size;
  std::vector<std::byte> bytes;
  std::vector<Partition> found;
  std::uint64_t bad = UINT64_MAX;
};

}  // namespace

TEST_CASE("partitions: an MBR with logical partitions") {
  Disk disk(1000);
  disk.mbr_entry(0, 0, 0x83, 10, 90);
  disk.mbr_entry(0, 2, 0x0c, 100, 100);
  disk.mbr_entry(0, 3, 0x05, 300, 700);
  disk.mbr_entry(300, 0, 0x83, 1, 49);
  disk.mbr_entry(300, 1, 0x05, 100, 100);
  disk.mbr_entry(400, 0, 0x82, 2, 10);
  REQUIRE(disk.read() == 4);
  CHECK(disk.found[0].number == 1);
  CHECK(disk.found[1].number == 3);
  CHECK(disk.found[1].first == 100);
  CHECK(disk.found[1].mbr_type == 0x0c);
  CHECK(disk.found[2].number == 5);
  CHECK(disk.found[2].first == 301);
  CHECK(disk.found[3].first == 402);
  CHECK(disk.found[3].sectors == 10);
  CHECK(disk.read(1) == 4);

  disk.bad = 400;
  CHECK(disk.read().error() == Reason::disk_error);
  disk.bad = UINT64_MAX;
  SUBCASE("a chain that leads in a circle") {
    disk.mbr_entry(400, 1, 0x05, 100, 100);
  }
  SUBCASE("a chain that leads off the disk") {
    disk.mbr_entry(400, 1, 0x05, 0xffff'ff00, 100);
  }
  SUBCASE("a chain that leads to no table") {
    disk.mbr_entry(400, 1, 0x05, 200, 100);
  }
  disk.mbr_entry(400, 0, 0, 0, 0);
  CHECK(disk.read().error() == Reason::invalid_table);
}

TEST_CASE("partitions: an MBR whose partitions cannot be") {
  Disk disk(1000);
  disk.mbr_entry(0, 0, 0x83, 10, 90);
  Reason wanted = Reason::outside;
  SUBCASE("beyond the disk") {
    disk.mbr_entry(0, 1, 0x83, 500, 501);
  }
  SUBCASE("far beyond the disk") {
    disk.mbr_entry(0, 1, 0x83, 0xffff'ffff, 0xffff'ffff);
  }
  SUBCASE("over the table itself") {
    disk.mbr_entry(0, 1, 0x83, 0, 5);
  }
  SUBCASE("over another") {
    disk.mbr_entry(0, 1, 0x83, 99, 5);
    wanted = Reason::overlapping;
  }
  CHECK(disk.read().error() == wanted);
}

TEST_CASE("partitions: no table at all") {
  Disk disk(100);
  CHECK(disk.read().error() == Reason::no_table);
  disk.put<std::uint16_t>(510, 0xaa55);
  CHECK(disk.read() == 0);
  disk.put<std::uint8_t>(446 + 16, 0x41);  // code of a boot sector
  CHECK(disk.read().error() == Reason::no_table);
  CHECK(Disk(0).read().error() == Reason::no_table);
}

TEST_CASE("partitions: a GPT, with sectors of both sizes") {
  for (const std::uint32_t size : {512U, 4096U}) {
    Disk disk(1000, size);
    disk.gpt_entry(0, 40, 99, "system");
    disk.gpt_entry(5, 100, 100, "data \xe9");
    disk.seal();
    REQUIRE(disk.read() == 2);
    CHECK(disk.found[0].name() == "system");
    CHECK(disk.found[0].sectors == 60);
    CHECK(disk.found[0].gpt_type[0] == 0xaf);
    CHECK(disk.found[1].number == 6);
    CHECK(disk.found[1].name().starts_with("data ?"));
    disk.put<std::uint8_t>(std::size_t{size} + 40, 1);  // the header's checksum is wrong: the other one counts
    CHECK(disk.read() == 2);
    disk.put<std::uint8_t>(std::size_t{size} * 999 + 40, 1);
    CHECK(disk.read().error() == Reason::invalid_header);
  }
}

TEST_CASE("partitions: a GPT that is damaged") {
  Disk disk(1000);
  disk.gpt_entry(0, 40, 99, "a");
  Reason wanted = Reason::outside;
  SUBCASE("entries that the checksum does not cover") {
    disk.seal();
    disk.put<std::uint8_t>(2 * 512 + 200, 1);
    wanted = Reason::invalid_table;
  }
  SUBCASE("overlapping") {
    disk.gpt_entry(1, 99, 120, "b");
    disk.seal();
    wanted = Reason::overlapping;
  }
  SUBCASE("beyond the disk") {
    disk.gpt_entry(1, 500, 1000, "b");
    disk.seal();
  }
  SUBCASE("ends before it begins") {
    disk.gpt_entry(1, 500, 499, "b");
    disk.seal();
  }
  SUBCASE("the largest numbers") {
    disk.gpt_entry(1, UINT64_MAX - 1, UINT64_MAX, "b");
    disk.seal();
  }
  SUBCASE("more entries than the disk has room for") {
    disk.seal();
    disk.put<std::uint32_t>(512 + 80, 0xffff'ffff);
    disk.put<std::uint32_t>(512 + 16, 0);
    disk.put(512 + 16, crc32(std::span(disk.bytes).subspan(512, 92)));
    disk.put<std::uint8_t>(999 * 512, 0);
    wanted = Reason::invalid_header;
  }
  CHECK(disk.read().error() == wanted);
}
