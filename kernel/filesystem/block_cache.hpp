// Blocks of a medium in memory: found by their number, the least recently used leaves first, changes are written later.
#pragma once

#include "kernel/filesystem/array.hpp"
#include "kernel/filesystem/medium.hpp"

namespace toro::filesystem {

/// What a change is to: contents of files are written before what points to them.
enum class Content : std::uint8_t { data, metadata };

class BlockCache;
/// From now on, until it is withdrawn, the cache is asked for memory when its core has none left. The kernel's, or a
/// test's.
void offer_memory_of(BlockCache& cache);
void withdraw_memory_of(BlockCache& cache);

/// One caller at a time, of the core whose heap has the blocks.
class BlockCache {
  struct Block;

 public:
  /// A block that stays while this lives.
  class Reference {
   public:
    Reference(Reference&& other) noexcept : cache_(other.cache_), block_(std::exchange(other.block_, nullptr)) {}
    Reference& operator=(Reference&& other) noexcept {
      std::swap(cache_, other.cache_);
      std::swap(block_, other.block_);
      return *this;
    }
    ~Reference();

    [[nodiscard]] std::byte* data() const;
    [[nodiscard]] std::span<std::byte> bytes() const { return {data(), cache_->block_size_}; }
    template <class T>
    [[nodiscard]] T* as(std::size_t offset = 0) const {
      return reinterpret_cast<T*>(data() + offset);
    }
    /// It is to be written.
    void change(Content content) const;

   private:
    friend class BlockCache;
    Reference(BlockCache& cache, Block& block);
    BlockCache* cache_;
    Block* block_;
  };

  /// At most `most` blocks of `block_size` bytes, at least kLeast of them.
  BlockCache(Medium& medium, std::uint32_t block_size, std::size_t most);
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;
  ~BlockCache();

  /// Memory was there for it.
  [[nodiscard]] bool is_made() const { return table_ != nullptr && sorted_ != nullptr; }

  static constexpr std::size_t kLeast = 32;
  static constexpr std::size_t kMostInRun = 32;   ///< blocks of one transfer
  static constexpr std::size_t kMostAhead = 256;  ///< blocks that are read at once, in several of them

  [[nodiscard]] Result<Reference> read(std::uint64_t number);
  /// The block as zeros, whatever the medium has there.
  [[nodiscard]] Result<Reference> zeroed(std::uint64_t number);
  /// The block with any contents, for a caller that writes all of it.
  [[nodiscard]] Result<Reference> to_overwrite(std::uint64_t number);

  [[nodiscard]] bool has(std::uint64_t number) const { return find(number) != nullptr; }
  /// Reads `count` blocks, at most kMostAhead, at once; those that are here already stay as they are. What fails is
  /// left out, and told when it is read.
  void read_ahead(std::uint64_t number, std::size_t count);
  /// What the block has is of no use to anybody: it is not written.
  void forget(std::uint64_t number);

  /// Writes all changes, data before metadata. Blocks that cannot be written count as written: their contents are lost,
  /// which has_failed() tells from then on.
  [[nodiscard]] Result<> write_back();
  /// The same, and has the medium keep them.
  [[nodiscard]] Result<> sync();
  [[nodiscard]] bool has_failed() const { return failed_; }
  [[nodiscard]] std::size_t changed() const { return changed_; }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] std::size_t most() const { return most_; }

  /// Frees up to `count` blocks that are neither changed nor in use; how many. Also from within an allocation, and
  /// while a caller waits for the medium.
  std::size_t give_back(std::size_t count);
  BlockCache* next_offer = nullptr;  ///< offer_memory_of()'s

 private:
  struct Link {
    Link* older;
    Link* newer;
  };

  [[nodiscard]] Block* find(std::uint64_t number) const;
  [[nodiscard]] Block** bucket(std::uint64_t number) const;
  [[nodiscard]] Result<Block*> take(std::uint64_t number);
  [[nodiscard]] Block* make_block();
  [[nodiscard]] Block* oldest_unused(bool also_changed);
  void touch(Block& block);
  void insert(Block& block, std::uint64_t number);
  void remove(Block& block);
  void dispose_of(Block& block);
  [[nodiscard]] Result<> write(std::span<Block*> blocks);

  Medium& medium_;
  std::uint32_t block_size_;
  std::size_t most_;
  std::size_t buckets_ = 0;  ///< a power of two
  Block** table_ = nullptr;
  Block** sorted_ = nullptr;   ///< room for all, when they are written
  Link list_{&list_, &list_};  ///< newer: the oldest block; older: the newest
  std::size_t count_ = 0;
  std::size_t changed_ = 0;
  bool failed_ = false;
};

}  // namespace toro::filesystem
