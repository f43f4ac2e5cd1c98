// A disk with any bytes in its first sectors: what is found lies within it and does not overlap. Checksums of a GPT are
// made right where the first byte says so, or nothing behind them would be reached.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "kernel/devices/block/partition_table.hpp"

using namespace toro;

namespace {

constexpr std::uint32_t kSector = 512;
constexpr std::uint64_t kSectors = 1 << 20;  // those beyond the bytes are zeros

void require(bool holds) {
  if (!holds) std::abort();
}

std::uint32_t crc32(const std::uint8_t* bytes, std::size_t size) {
  std::uint32_t crc = ~0U;
  for (std::size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

/// The header in sector 1, if it is one: its table's checksum, as far as the table is there, and its own.
void seal(std::vector<std::uint8_t>& bytes) {
  if (bytes.size() < 2 * kSector) return;
  std::uint8_t* const header = bytes.data() + kSector;
  std::uint64_t table = 0;
  std::uint32_t count = 0;
  std::uint32_t entry = 0;
  std::uint32_t size = 0;
  std::memcpy(&size, header + 12, 4);
  std::memcpy(&table, header + 72, 8);
  std::memcpy(&count, header + 80, 4);
  std::memcpy(&entry, header + 84, 4);
  const std::uint64_t end = table * kSector + std::uint64_t{count} * entry;
  if (table < bytes.size() && end <= bytes.size()) {
    const std::uint32_t crc = crc32(bytes.data() + table * kSector, std::size_t{count} * entry);
    std::memcpy(header + 88, &crc, 4);
  }
  if (size > kSector) return;
  std::memset(header + 16, 0, 4);
  const std::uint32_t crc = crc32(header, size);
  std::memcpy(header + 16, &crc, 4);
}

bool read(void* context, std::uint64_t sector, std::span<std::byte> to) {
  const auto& bytes = *static_cast<std::vector<std::uint8_t>*>(context);
  require(sector < kSectors);
  std::memset(to.data(), 0, to.size());
  const std::uint64_t at = sector * kSector;
  if (at < bytes.size()) std::memcpy(to.data(), bytes.data() + at, std::min<std::size_t>(to.size(), bytes.size() - at));
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::vector<std::uint8_t> bytes(data + 1, data + size);
  if ((data[0] & 1) != 0) seal(bytes);
  std::array<std::byte, kSector> buffer;
  std::array<Partition, 32> found;
  const auto count = block::read_partition_table(
      {.context = &bytes, .read = read, .sector_size = kSector, .sectors = kSectors}, buffer, found);
  if (!count) return 0;
  const auto all = std::span(found).first(std::min(*count, found.size()));
  for (std::size_t i = 0; i < all.size(); ++i) {
    require(all[i].first < kSectors && all[i].sectors != 0 && all[i].sectors <= kSectors - all[i].first);
    for (std::size_t j = 0; j < i; ++j)
      require(all[i].first >= all[j].first + all[j].sectors || all[j].first >= all[i].first + all[i].sectors);
  }
  return 0;
}
