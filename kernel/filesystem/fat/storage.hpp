// Bytes of a medium through a cache, and whether they may still be changed.
#pragma once

#include "kernel/filesystem/write_state.hpp"

namespace toro::filesystem::fat {

/// Offsets and sizes are bytes, of any alignment. One caller at a time.
class Storage {
 public:
  Storage(Medium& medium, Access access, std::size_t cache_bytes);

  /// Memory was there for it.
  [[nodiscard]] bool is_made() const { return cache_.is_made(); }
  [[nodiscard]] Medium& medium() { return medium_; }
  [[nodiscard]] Access access() const { return state_.access(); }
  [[nodiscard]] bool has_changes() const { return state_.has_changes(); }

  [[nodiscard]] Result<> read(std::uint64_t offset, std::span<std::byte> to);
  [[nodiscard]] Result<> write(std::uint64_t offset, std::span<const std::byte> from, Content content);
  [[nodiscard]] Result<> write_zeros(std::uint64_t offset, std::uint64_t size, Content content);
  /// Reads in advance, unless the first of it is here already.
  void read_ahead(std::uint64_t offset, std::size_t size);

  template <class T>
  [[nodiscard]] Result<T> read(std::uint64_t offset) {
    T value;
    TRY(read(offset, std::as_writable_bytes(std::span(&value, 1))));
    return value;
  }
  template <class T>
  [[nodiscard]] Result<> write(std::uint64_t offset, const T& value) {
    return write(offset, std::as_bytes(std::span(&value, 1)), Content::metadata);
  }

  /// Before each change: whether it may be made. `read_only` when not.
  [[nodiscard]] Result<> begin_change() { return state_.begin_change(cache_); }
  /// Says once that the filesystem contradicts itself; it is only read from then on.
  [[nodiscard]] std::unexpected<Error> damage();
  /// As WriteState's.
  template <class F>
  [[nodiscard]] Result<> sync(F save) {
    return state_.sync(cache_, save);
  }

 private:
  [[nodiscard]] bool is_within(std::uint64_t offset, std::uint64_t size) const {
    return offset <= medium_.bytes() && size <= medium_.bytes() - offset;
  }

  Medium& medium_;
  WriteState state_;
  std::uint32_t block_size_;
  BlockCache cache_;
};

}  // namespace toro::filesystem::fat
