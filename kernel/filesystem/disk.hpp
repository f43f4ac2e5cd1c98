// A block device, or a partition of one, as what a filesystem lies on.
#pragma once

#include "kernel/arch/x86_64/spin_lock.hpp"
#include "kernel/filesystem/array.hpp"
#include "kernel/filesystem/medium.hpp"
#include "kernel/include/toro/block.hpp"

namespace toro::filesystem {

class Disk final : public Medium {
 public:
  /// The disk of that identity or name, "disk0", or a partition of it, "disk0p1": `no_device` when there is none,
  /// `busy` when some of its sectors are open already.
  [[nodiscard]] static Result<Medium*> open(std::string_view source);

  [[nodiscard]] std::string_view name() const override { return name_.view(); }
  [[nodiscard]] std::uint64_t bytes() const override { return sectors_ * device_.sector_size(); }
  [[nodiscard]] std::uint32_t sector_size() const override { return device_.sector_size(); }
  [[nodiscard]] bool is_read_only() const override { return device_.is_read_only(); }
  [[nodiscard]] Result<> transfer(Direction direction, std::span<const Transfer> transfers) override;
  [[nodiscard]] Result<> flush() override;
  void close() override;

 private:
  Disk(BlockDevice& device, std::uint64_t first, std::uint64_t sectors, Text name)
      : device_(device), first_(first), sectors_(sectors), name_(std::move(name)) {}
  template <class T, class... Arguments>
  friend T* filesystem::make(Arguments&&...);

  [[nodiscard]] bool overlaps(const Disk& other) const {
    return &device_ == &other.device_ && first_ < other.first_ + other.sectors_ && other.first_ < first_ + sectors_;
  }

  static arch::SpinLock lock;
  static Disk* opened;  ///< all that are open, under the lock

  BlockDevice& device_;
  std::uint64_t first_;  ///< of its sectors on the device
  std::uint64_t sectors_;
  Text name_;
  Disk* next_ = nullptr;
};

}  // namespace toro::filesystem
