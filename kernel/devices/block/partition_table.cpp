// Partition tables: MBR and GPT. [UEFI 2.10 §5.2, §5.3]
#include "kernel/devices/block/partition_table.hpp"

#include <algorithm>
#include <cstring>

namespace toro::block {
namespace {

using Reason = PartitionError::Reason;
using Count = std::expected<std::size_t, Reason>;

/// [UEFI 2.10 §5.2.1]
struct MbrEntry {
  std::uint8_t status;
  std::uint8_t first_chs[3];
  std::uint8_t type;
  std::uint8_t last_chs[3];
  std::uint32_t first;
  std::uint32_t sectors;
};
static_assert(sizeof(MbrEntry) == 16 && offsetof(MbrEntry, first) == 8);

constexpr std::size_t kMbrEntries = 446;
constexpr std::size_t kMbrEntryCount = 4;
constexpr std::size_t kMbrSignature = 510;
constexpr std::uint8_t kProtective = 0xee;
constexpr std::uint32_t kMostLogical = 128;

/// [UEFI 2.10 §5.3.2]
struct GptHeader {
  char signature[8];
  std::uint32_t revision;
  std::uint32_t header_size;
  std::uint32_t header_crc;
  std::uint32_t reserved;
  std::uint64_t here;
  std::uint64_t other;
  std::uint64_t first_usable;
  std::uint64_t last_usable;
  std::uint8_t disk[16];
  std::uint64_t entries;
  std::uint32_t entry_count;
  std::uint32_t entry_size;
  std::uint32_t entries_crc;
};
static_assert(offsetof(GptHeader, entries) == 72 && offsetof(GptHeader, entries_crc) == 88);
constexpr std::uint32_t kGptHeaderSize = 92;

/// [UEFI 2.10 §5.3.3]
struct GptEntry {
  std::array<std::uint8_t, 16> type;
  std::uint8_t identity[16];
  std::uint64_t first;
  std::uint64_t last;
  std::uint64_t attributes;
  std::uint16_t name[36];
};
static_assert(sizeof(GptEntry) == 128 && offsetof(GptEntry, name) == 56);

constexpr std::uint32_t kMostEntryBytes = 1U << 20;  // of the whole table: 16 KiB is usual

template <class T>
T read_at(std::span<const std::byte> bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// CRC-32 of Ethernet and GPT; begins and goes on with `crc`, 0 at first.
std::uint32_t crc32(std::uint32_t crc, std::span<const std::byte> bytes) {
  constexpr std::uint32_t kPolynomial = 0xedb88320;
  crc = ~crc;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? kPolynomial : 0);
  }
  return ~crc;
}

class Reader {
 public:
  Reader(const SectorSource& disk, std::span<std::byte> buffer, std::span<Partition> found)
      : disk_(disk), buffer_(buffer.first(disk.sector_size)), found_(found) {}

  Count read() {
    if (!load(0)) return std::unexpected(Reason::disk_error);
    if (!is_mbr()) return std::unexpected(Reason::no_table);
    std::array<MbrEntry, kMbrEntryCount> entries;
    std::memcpy(entries.data(), buffer_.data() + kMbrEntries, sizeof entries);
    for (const MbrEntry& entry : entries)
      if (entry.type == kProtective) return read_gpt();
    return read_mbr(entries);
  }

 private:
  [[nodiscard]] bool load(std::uint64_t sector) const { return disk_.read(disk_.context, sector, buffer_); }

  [[nodiscard]] bool is_mbr() const {
    if (read_at<std::uint16_t>(buffer_, kMbrSignature) != 0xaa55) return false;
    // A file system's boot sector has code there.
    for (std::size_t i = 0; i < kMbrEntryCount; ++i)
      if ((read_at<MbrEntry>(buffer_, kMbrEntries + i * sizeof(MbrEntry)).status & 0x7f) != 0) return false;
    return true;
  }

  static bool is_extended(const MbrEntry& entry) { return entry.type == 5 || entry.type == 15 || entry.type == 0x85; }

  Count read_mbr(const std::array<MbrEntry, kMbrEntryCount>& entries) {
    for (std::uint32_t i = 0; i < kMbrEntryCount; ++i) {
      const MbrEntry& entry = entries[i];
      if (entry.type == 0 || entry.sectors == 0 || is_extended(entry)) continue;
      if (const auto wrong =
              add({.number = i + 1, .first = entry.first, .sectors = entry.sectors, .mbr_type = entry.type}))
        return std::unexpected(*wrong);
    }
    for (const MbrEntry& entry : entries)
      if (is_extended(entry) && entry.sectors != 0)
        if (const auto wrong = read_logical(entry.first)) return std::unexpected(*wrong);
    return count_;
  }

  /// A chain of tables, each with one partition and the way to the next table, from the first one on.
  std::optional<Reason> read_logical(std::uint64_t extended) {
    std::uint64_t table = extended;
    for (std::uint32_t i = 0; i < kMostLogical; ++i) {
      if (table >= disk_.sectors) return Reason::invalid_table;
      if (!load(table)) return Reason::disk_error;
      if (!is_mbr()) return Reason::invalid_table;
      const auto entry = read_at<MbrEntry>(buffer_, kMbrEntries);
      const auto next = read_at<MbrEntry>(buffer_, kMbrEntries + sizeof(MbrEntry));
      if (entry.type != 0 && entry.sectors != 0)
        if (const auto wrong = add({.number = next_logical_++,
                                    .first = table + entry.first,
                                    .sectors = entry.sectors,
                                    .mbr_type = entry.type}))
          return wrong;
      if (!is_extended(next) || next.sectors == 0) return std::nullopt;
      table = extended + next.first;
    }
    return Reason::invalid_table;  // it may lead in a circle
  }

  Count read_gpt() {
    const std::uint64_t places[]{1, disk_.sectors - 1};
    for (const std::uint64_t place : places) {
      const auto header = read_header(place);
      if (!header) return std::unexpected(header.error());
      if (!*header) continue;
      const auto whole = check_entries(**header);
      if (!whole) return std::unexpected(whole.error());
      if (*whole) return read_entries(**header);
      entries_are_wrong_ = true;
    }
    return std::unexpected(entries_are_wrong_ ? Reason::invalid_table : Reason::invalid_header);
  }

  /// Nothing where there is no header that is whole.
  std::expected<std::optional<GptHeader>, Reason> read_header(std::uint64_t place) {
    if (place >= disk_.sectors) return std::nullopt;
    if (!load(place)) return std::unexpected(Reason::disk_error);
    const auto header = read_at<GptHeader>(buffer_, 0);
    if (std::memcmp(header.signature, "EFI PART", sizeof header.signature) != 0) return std::nullopt;
    if (header.header_size < kGptHeaderSize || header.header_size > disk_.sector_size) return std::nullopt;
    std::memset(buffer_.data() + offsetof(GptHeader, header_crc), 0, sizeof header.header_crc);
    if (crc32(0, buffer_.first(header.header_size)) != header.header_crc || header.here != place) return std::nullopt;
    const bool fits = header.entry_size >= sizeof(GptEntry) && header.entry_size <= 4096 &&
                      disk_.sector_size % std::min(header.entry_size, disk_.sector_size) == 0 &&
                      header.entry_size % std::min(header.entry_size, disk_.sector_size) == 0 &&
                      header.entry_count <= kMostEntryBytes / header.entry_size;
    if (!fits) return std::nullopt;
    const std::uint64_t sectors = (table_bytes(header) + disk_.sector_size - 1) / disk_.sector_size;
    if (header.entries < 2 || header.entries >= disk_.sectors || sectors > disk_.sectors - header.entries)
      return std::nullopt;
    return header;
  }

  static std::size_t table_bytes(const GptHeader& header) {
    return std::size_t{header.entry_count} * header.entry_size;
  }

  std::expected<bool, Reason> check_entries(const GptHeader& header) {
    std::uint32_t crc = 0;
    std::uint64_t sector = header.entries;
    for (std::size_t left = table_bytes(header); left > 0; ++sector) {
      if (!load(sector)) return std::unexpected(Reason::disk_error);
      const std::size_t size = std::min<std::size_t>(left, disk_.sector_size);
      crc = crc32(crc, buffer_.first(size));
      left -= size;
    }
    return crc == header.entries_crc;
  }

  /// Reads the entries again: what the disk says this time is checked like any partition.
  Count read_entries(const GptHeader& header) {
    std::uint64_t loaded = 0;  // sector 0 is none of the entries'
    for (std::uint32_t i = 0; i < header.entry_count; ++i) {
      const std::uint64_t at = std::uint64_t{i} * header.entry_size;
      const std::uint64_t sector = header.entries + at / disk_.sector_size;
      if (sector != loaded && !load(sector)) return std::unexpected(Reason::disk_error);
      loaded = sector;
      const auto entry = read_at<GptEntry>(buffer_, at % disk_.sector_size);
      if (entry.type == std::array<std::uint8_t, 16>{}) continue;
      if (entry.last < entry.first || entry.last >= disk_.sectors) return std::unexpected(Reason::outside);
      Partition partition{
          .number = i + 1, .first = entry.first, .sectors = entry.last - entry.first + 1, .gpt_type = entry.type};
      for (std::size_t c = 0; c < partition.name_characters.size() && entry.name[c] != 0; ++c)
        partition.name_characters[c] =
            entry.name[c] >= ' ' && entry.name[c] <= '~' ? static_cast<char>(entry.name[c]) : '?';
      if (const auto wrong = add(partition)) return std::unexpected(*wrong);
    }
    return count_;
  }

  std::optional<Reason> add(const Partition& partition) {
    if (partition.first == 0 || partition.first >= disk_.sectors || partition.sectors > disk_.sectors - partition.first)
      return Reason::outside;
    for (const Partition& other : found_.first(std::min(count_, found_.size())))
      if (partition.first < other.first + other.sectors && other.first < partition.first + partition.sectors)
        return Reason::overlapping;
    if (count_ < found_.size()) found_[count_] = partition;
    ++count_;
    return std::nullopt;
  }

  const SectorSource& disk_;
  std::span<std::byte> buffer_;
  std::span<Partition> found_;
  std::size_t count_ = 0;
  std::uint32_t next_logical_ = 5;
  bool entries_are_wrong_ = false;
};

}  // namespace

Count read_partition_table(const SectorSource& disk, std::span<std::byte> buffer, std::span<Partition> found) {
  if (disk.sectors == 0) return std::unexpected(Reason::no_table);
  return Reader(disk, buffer, found).read();
}

}  // namespace toro::block
