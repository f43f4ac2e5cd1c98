// Where the names of some directories are, so that these are not searched from their beginnings: in memory only.
#pragma once

#include <array>
#include <string_view>

#include "kernel/filesystem/array.hpp"

namespace toro::filesystem::ext2 {

/// Of one directory all names or, where memory does not suffice, none.
class NameIndex {
 public:
  /// Where an entry lies: the block within the directory, and the offset within it, which is a multiple of 4.
  struct Position {
    std::uint32_t block;
    std::uint32_t offset;
    bool operator==(const Position&) const = default;
  };

  NameIndex() = default;
  NameIndex(const NameIndex&) = delete;
  NameIndex& operator=(const NameIndex&) = delete;
  ~NameIndex() { forget(); }

  [[nodiscard]] static std::uint32_t hash_of(std::string_view name);

  [[nodiscard]] std::uint32_t directory() const { return directory_; }
  /// All names of the directory are in it.
  [[nodiscard]] bool is_complete() const { return complete_; }
  /// It cannot be made: there is no sense in trying again.
  [[nodiscard]] bool has_failed() const { return failed_; }

  /// It is of `directory` from now on, and has no names yet.
  void begin(std::uint32_t directory);
  void add(std::uint32_t hash, Position position, std::size_t most_bytes);
  void end() { complete_ = !failed_; }
  void fail();
  void remove(std::uint32_t hash, Position position);
  void forget();

  /// Where a name of that hash may be, each in turn, until `f(position)` is true.
  template <class F>
  void each(std::uint32_t hash, F f) const {
    if (slots_.empty()) return;
    for (std::size_t i = hash & mask(); slots_[i].place != kFree; i = (i + 1) & mask())
      if (slots_[i].hash == hash && f(position_of(slots_[i].place))) return;
  }

 private:
  struct Slot {
    std::uint32_t hash;
    std::uint32_t place;
  };
  static constexpr std::uint32_t kFree = UINT32_MAX;
  static constexpr std::uint32_t kOffsets = 1024;  // in a block of 4 KiB

  [[nodiscard]] static std::uint32_t place_of(Position at) { return at.block * kOffsets + at.offset / 4; }
  [[nodiscard]] static Position position_of(std::uint32_t place) { return {place / kOffsets, place % kOffsets * 4}; }
  [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }
  void insert(Slot slot);
  [[nodiscard]] bool grow(std::size_t most_bytes);

  std::uint32_t directory_ = 0;
  bool complete_ = false;
  bool failed_ = false;
  std::size_t names_ = 0;
  Array<Slot> slots_;  // open addressing; a power of two of them, or none
};

/// Those of the directories that were searched last.
class NameIndices {
 public:
  /// The directory's, empty where it had none.
  [[nodiscard]] NameIndex& of(std::uint32_t directory);
  /// The directory's, or null.
  [[nodiscard]] NameIndex* find(std::uint32_t directory);

 private:
  static constexpr std::size_t kMost = 4;
  std::array<NameIndex, kMost> indices_;
  std::array<std::uint64_t, kMost> used_{};
  std::uint64_t clock_ = 0;
};

}  // namespace toro::filesystem::ext2
