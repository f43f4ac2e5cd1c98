// The disk that `toro image` makes.
#include <doctest/doctest.h>

#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "sdk/cli/host/failure.hpp"
#include "sdk/cli/image/disk.hpp"

using namespace toro::cli;

TEST_CASE("image: the boot record has the loader's code and one partition") {
  const std::string loader(512, '\x5a');
  const BootRecord record = make_boot_record(loader, 81920);
  std::vector<unsigned char> bytes(sizeof record);
  std::memcpy(bytes.data(), &record, sizeof record);
  CHECK(bytes[445] == 0x5a);
  CHECK(bytes[446] == 0x80);
  CHECK(bytes[450] == 0xef);
  CHECK(std::vector(bytes.begin() + 454, bytes.begin() + 462) == std::vector<unsigned char>{0, 8, 0, 0, 0, 0x40, 1, 0});
  for (std::size_t i = 462; i < 510; ++i) CHECK(bytes[i] == 0);  // what lies there in the loader is code
  CHECK(bytes[510] == 0x55);
  CHECK(bytes[511] == 0xaa);
  CHECK_THROWS_AS(static_cast<void>(make_boot_record("short", 1)), Failure);
}

TEST_CASE("image: the partition has room for what it is to hold") {
  CHECK(partition_sectors_for(0) == 81920);
  for (const std::uintmax_t mib : {30ULL, 100ULL, 512ULL}) {
    const std::uintmax_t bytes = mib << 20;
    const std::uintmax_t sectors = partition_sectors_for(bytes);
    CHECK(sectors * kSectorSize > bytes + 2 * 4 * sectors);
    CHECK(sectors >= 65525);
  }
}
