// Directories: entries found, added and removed.
#include "kernel/filesystem/fat/directory.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace toro::filesystem::fat {
namespace {

constexpr std::size_t kMostLongEntries = (kMostUnits + LongNameEntry::kUnits - 1) / LongNameEntry::kUnits;

void take_units(const LongNameEntry& entry, std::array<char16_t, LongNameEntry::kUnits>& to) {
  std::memcpy(to.data(), entry.first, sizeof entry.first);
  std::memcpy(to.data() + 5, entry.second, sizeof entry.second);
  std::memcpy(to.data() + 11, entry.third, sizeof entry.third);
}

/// Long names come piece by piece, the last one first, and before the short name that they belong to.
class LongNameReader {
 public:
  void forget() { left_ = kNone; }
  /// True: its first piece.
  bool take(const LongNameEntry& entry, LongName& to) {
    const std::uint8_t order = entry.order & ~LongNameEntry::kLast;
    const bool begins = (entry.order & LongNameEntry::kLast) != 0;
    if (order == 0 || order > kMostLongEntries || (!begins && (order != left_ || entry.checksum != checksum_))) {
      forget();
      return begins;
    }
    std::array<char16_t, LongNameEntry::kUnits> units;
    take_units(entry, units);
    const std::size_t at = (order - 1U) * LongNameEntry::kUnits;
    std::size_t size = units.size();
    if (begins) {
      checksum_ = entry.checksum;
      size = static_cast<std::size_t>(std::ranges::find(units, u'\0') - units.begin());
      to.size = at + size;
    }
    left_ = order - 1U;
    if (to.size > kMostUnits || to.size == 0) {
      forget();
      return begins;
    }
    std::copy_n(units.begin(), size, to.units.begin() + static_cast<std::ptrdiff_t>(at));
    return begins;
  }
  [[nodiscard]] bool is_whole(const ShortName& name) const { return left_ == 0 && checksum_ == checksum(name); }

 private:
  static constexpr unsigned kNone = ~0U;
  unsigned left_ = kNone;  ///< pieces that are still to come
  std::uint8_t checksum_ = 0;
};

LongNameEntry piece_of(std::u16string_view name, std::size_t number, bool is_last, std::uint8_t sum) {
  std::array<char16_t, LongNameEntry::kUnits> units;
  units.fill(u'\xffff');
  const std::u16string_view piece = name.substr((number - 1) * units.size(), units.size());
  std::ranges::copy(piece, units.begin());
  if (piece.size() < units.size()) units[piece.size()] = u'\0';
  LongNameEntry entry{};
  entry.order = static_cast<std::uint8_t>(number | (is_last ? LongNameEntry::kLast : 0));
  entry.attributes = attribute::kLongName;
  entry.checksum = sum;
  std::memcpy(entry.first, units.data(), sizeof entry.first);
  std::memcpy(entry.second, units.data() + 5, sizeof entry.second);
  std::memcpy(entry.third, units.data() + 11, sizeof entry.third);
  return entry;
}

/// The short names that one name may get, and which of them a directory has already.
class ShortNameChoice {
 public:
  ShortNameChoice(std::u16string_view name, unsigned salt) {
    const ShortNameBasis basis = to_basis(name);
    is_exact_ = basis.is_exact;
    names_[0] = basis.name;
    for (unsigned i = 0; !is_exact_ && i < kNames; ++i)
      names_[i] = with_tail(basis.name, name, i < kMostTail ? 0 : salt, 1 + i % kMostTail);
  }

  [[nodiscard]] bool is_exact() const { return is_exact_; }
  void is_taken(const ShortName& other) {
    if (other[0] != names_[0][0]) return;
    for (unsigned i = 0; i < kNames; ++i)
      if (other == names_[i]) taken_ |= 1U << i;
  }
  /// Nothing when all are taken.
  [[nodiscard]] std::optional<ShortName> choice() const {
    if (is_exact_) return names_[0];
    const auto free = static_cast<unsigned>(std::countr_one(taken_));
    return free < kNames ? std::optional(names_[free]) : std::nullopt;
  }

 private:
  static constexpr unsigned kNames = 2 * kMostTail;
  bool is_exact_ = false;
  std::array<ShortName, kNames> names_{};
  unsigned taken_ = 0;
};

bool is_named(const Named& named, std::u16string_view name) {
  return same(named.long_name.view(), name) || same(to_text(named.entry).view(), name);
}

}  // namespace

DirectoryReader::DirectoryReader(Volume& volume, std::uint32_t cluster)
    : volume_(volume),
      cluster_(cluster == 0 && volume.geometry.kind == Kind::fat32 ? volume.geometry.root_cluster : cluster),
      first_(cluster_) {}

void DirectoryReader::seek(std::uint32_t index) {
  cluster_ = first_;
  cluster_at_ = 0;
  next_ = index;
}

/// False at the end of the directory's room.
Result<bool> DirectoryReader::step(DirectoryEntry& entry) {
  if (next_ >= kMostEntries) return false;
  const Geometry& geometry = volume_.geometry;
  if (first_ == 0) {
    if (next_ >= geometry.root_size / kEntrySize) return false;
    offset_ = geometry.root + std::uint64_t{next_} * kEntrySize;
  } else {
    const auto per_cluster = static_cast<std::uint32_t>(geometry.cluster_size / kEntrySize);
    for (; next_ - cluster_at_ >= per_cluster; cluster_at_ += per_cluster) {
      const std::uint32_t behind = TRY(volume_.table.next(cluster_));
      if (behind == 0) return false;
      cluster_ = behind;
    }
    if (!geometry.is_cluster(cluster_)) return volume_.storage.damage();
    offset_ = geometry.offset_of(cluster_) + std::uint64_t{next_ - cluster_at_} * kEntrySize;
  }
  const std::uint64_t buffer = offset_ / kBuffer * kBuffer;
  if (buffer != buffer_at_) {
    buffer_at_ = ~std::uint64_t{0};
    TRY(volume_.storage.read(buffer, buffer_));
    buffer_at_ = buffer;
  }
  std::memcpy(&entry, buffer_ + (offset_ - buffer), sizeof entry);
  index_ = next_++;
  return true;
}

Result<bool> DirectoryReader::next(Named& named) {
  LongNameReader names;
  bool ended = false;
  while (TRY(step(named.entry))) {
    const DirectoryEntry& entry = named.entry;
    ended = ended || entry.name[0] == DirectoryEntry::kEnd;
    if (ended || entry.name[0] == DirectoryEntry::kFree) {
      names.forget();
      if (room_ != nullptr && !room_->is_enough()) {
        if (room_->found == 0 || room_->first + room_->found != index_) *room_ = {room_->wanted, index_, 0};
        ++room_->found;
      }
      if (ended && (room_ == nullptr || room_->is_enough())) return false;
      continue;
    }
    if (entry.is_long_name()) {
      LongNameEntry piece;
      std::memcpy(&piece, &entry, sizeof piece);
      if (names.take(piece, named.long_name)) named.first = index_;
      continue;
    }
    if ((entry.attributes & attribute::kVolume) == 0 && entry.name[0] != '.') {
      if (!names.is_whole(entry.name)) {
        named.long_name.size = 0;
        named.first = index_;
      }
      named.index = index_;
      named.offset = offset_;
      return true;
    }
    names.forget();
  }
  return false;
}

Result<> find(Volume& volume, std::uint32_t directory, std::u16string_view name, Named& found) {
  DirectoryReader reader(volume, directory);
  while (TRY(reader.next(found)))
    if (is_named(found, name)) return {};
  return failure(Error::no_entry);
}

Result<bool> is_empty(Volume& volume, std::uint32_t directory) {
  DirectoryReader reader(volume, directory);
  Named named;
  return !TRY(reader.next(named));
}

namespace {

/// Makes the directory longer by a cluster of free entries, until there is room.
Result<> grow(Volume& volume, DirectoryReader& reader, DirectoryReader::Room& room) {
  DirectoryEntry entry;
  while (!room.is_enough()) {
    const std::uint32_t last = reader.last_cluster();
    if (last == 0) return failure(Error::no_space);
    const std::uint32_t cluster = TRY(volume.table.allocate(last));
    TRY(volume.storage.write_zeros(volume.geometry.offset_of(cluster), volume.geometry.cluster_size,
                                   Content::metadata));
    std::uint32_t added = 0;
    while (TRY(reader.step(entry))) {
      if (room.found == 0 || room.first + room.found != reader.index()) room = {room.wanted, reader.index(), 0};
      ++room.found;
      ++added;
    }
    if (added == 0) return failure(Error::no_space);  // as long as a directory may be
  }
  return {};
}

}  // namespace

Result<Added> add(Volume& volume, std::uint32_t directory, const LongName& name, DirectoryEntry entry,
                  std::uint64_t replaced) {
  for (unsigned salt = 1;; ++salt) {
    ShortNameChoice choice(name.view(), salt);
    DirectoryReader::Room room{.wanted = static_cast<std::uint32_t>(choice.is_exact() ? 1 : name.entries())};
    DirectoryReader reader(volume, directory);
    reader.look_for(room);
    Named named;
    while (TRY(reader.next(named))) {
      if (is_named(named, name.view()) && named.offset != replaced) return failure(Error::exists);
      choice.is_taken(named.entry.name);
    }
    const auto short_name = choice.choice();
    if (!short_name) continue;
    entry.name = *short_name;
    entry.lower_case = 0;
    TRY(grow(volume, reader, room));
    reader.seek(room.first);
    DirectoryEntry old;
    bool was_end = false;
    for (std::size_t piece = room.wanted - 1; piece != 0; --piece) {
      if (!TRY(reader.step(old))) return volume.storage.damage();
      was_end = was_end || old.name[0] == DirectoryEntry::kEnd;
      const bool is_last = piece == room.wanted - 1;
      TRY(volume.storage.write(reader.offset(), piece_of(name.view(), piece, is_last, checksum(entry.name))));
    }
    if (!TRY(reader.step(old))) return volume.storage.damage();
    const std::uint64_t offset = reader.offset();
    was_end = was_end || old.name[0] == DirectoryEntry::kEnd;
    // What lies behind the end is not always zero.
    if (was_end && TRY(reader.step(old)) && old.name[0] != DirectoryEntry::kEnd) {
      old.name[0] = DirectoryEntry::kEnd;
      TRY(volume.storage.write(reader.offset(), old));
    }
    TRY(volume.storage.write(offset, entry));
    return Added{offset, entry};
  }
}

Result<> remove(Volume& volume, std::uint32_t directory, const Named& named) {
  DirectoryReader reader(volume, directory);
  reader.seek(named.first);
  DirectoryEntry entry;
  for (std::uint32_t i = named.first; i <= named.index; ++i) {
    if (!TRY(reader.step(entry))) return volume.storage.damage();
    entry.name[0] = DirectoryEntry::kFree;
    TRY(volume.storage.write(reader.offset(), entry));
  }
  return {};
}

}  // namespace toro::filesystem::fat
