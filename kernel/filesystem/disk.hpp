// A block device as what a filesystem lies on.
#pragma once

#include "kernel/filesystem/medium.hpp"
#include "kernel/include/toro/block.hpp"

namespace toro::filesystem {

class Disk final : public Medium {
 public:
  /// The disk of that identity or name: `no_device` when there is none, `busy` when a filesystem has it already.
  [[nodiscard]] static Result<Medium*> open(std::string_view source);

  explicit Disk(BlockDevice& device) : device_(device) {}

  [[nodiscard]] std::string_view name() const override;
  [[nodiscard]] std::uint64_t bytes() const override { return device_.sectors() * device_.sector_size(); }
  [[nodiscard]] std::uint32_t sector_size() const override { return device_.sector_size(); }
  [[nodiscard]] bool is_read_only() const override { return device_.is_read_only(); }
  [[nodiscard]] Result<> transfer(Direction direction, std::span<const Transfer> transfers) override;
  [[nodiscard]] Result<> flush() override;
  void close() override;

 private:
  BlockDevice& device_;
};

}  // namespace toro::filesystem
