// Where the names of some directories are.
#include "kernel/filesystem/ext2/name_index.hpp"

#include <algorithm>

namespace toro::filesystem::ext2 {

/// FNV-1a.
std::uint32_t NameIndex::hash_of(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash ^ hash >> 16;
}

void NameIndex::forget() {
  slots_.clear();
  names_ = 0;
  directory_ = 0;
  complete_ = failed_ = false;
}

void NameIndex::begin(std::uint32_t directory) {
  forget();
  directory_ = directory;
}

void NameIndex::fail() {
  begin(directory_);
  failed_ = true;
}

void NameIndex::insert(Slot slot) {
  std::size_t i = slot.hash & mask();
  while (slots_[i].place != kFree) i = (i + 1) & mask();
  slots_[i] = slot;
}

/// To twice as many slots. False: that is too much.
bool NameIndex::grow(std::size_t most_bytes) {
  constexpr std::size_t kLeast = 512;
  const std::size_t count = slots_.empty() ? kLeast : 2 * slots_.size();
  Array<Slot> old;
  if (count * sizeof(Slot) > most_bytes) return false;
  std::swap(old, slots_);
  if (!slots_.resize(count)) return false;
  std::ranges::fill(slots_, Slot{0, kFree});
  for (const Slot& slot : old)
    if (slot.place != kFree) insert(slot);
  return true;
}

void NameIndex::add(std::uint32_t hash, Position position, std::size_t most_bytes) {
  if (failed_) return;
  if (4 * (names_ + 1) > 3 * slots_.size() && !grow(most_bytes)) return fail();
  insert({hash, place_of(position)});
  ++names_;
}

/// What lies behind moves up, so that no search ends too early. [Knuth, TAOCP 3, 6.4, algorithm R]
void NameIndex::remove(std::uint32_t hash, Position position) {
  if (slots_.empty()) return;
  std::size_t hole = hash & mask();
  while (slots_[hole].place != kFree && slots_[hole].place != place_of(position)) hole = (hole + 1) & mask();
  if (slots_[hole].place == kFree) return;
  --names_;
  for (std::size_t i = (hole + 1) & mask(); slots_[i].place != kFree; i = (i + 1) & mask()) {
    const std::size_t wanted = slots_[i].hash & mask();
    if (((i - wanted) & mask()) < ((i - hole) & mask())) continue;
    slots_[hole] = slots_[i];
    hole = i;
  }
  slots_[hole].place = kFree;
}

NameIndex* NameIndices::find(std::uint32_t directory) {
  for (std::size_t i = 0; i < kMost; ++i)
    if (indices_[i].directory() == directory) {
      used_[i] = ++clock_;
      return &indices_[i];
    }
  return nullptr;
}

NameIndex& NameIndices::of(std::uint32_t directory) {
  if (NameIndex* const here = find(directory)) return *here;
  const auto oldest = static_cast<std::size_t>(std::ranges::min_element(used_) - used_.begin());
  used_[oldest] = ++clock_;
  indices_[oldest].begin(directory);
  return indices_[oldest];
}

}  // namespace toro::filesystem::ext2
