// The first disk, as Toro offers it.
#pragma once

#include <toro/block.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace platform {

class Disk {
 public:
  /// Null where there is none.
  static Disk* first() {
    static Disk disk;
    return disk.device_ == nullptr ? nullptr : &disk;
  }

  [[nodiscard]] std::uint64_t bytes() const { return device_->sectors() * device_->sector_size(); }

  /// `count` reads of `size` bytes at the places that `next` tells, `depth` at any time. Whether all went well.
  template <class Next>
  bool read(std::uint64_t count, unsigned depth, std::size_t size, Next next) {
    struct Read : toro::BlockRequest {
      std::span<std::byte> segment;
    };
    toro::BlockCompletions completions;
    std::vector<std::byte> memory(depth * size);
    std::vector<Read> reads(depth);
    std::vector<toro::BlockRequest*> batch;
    std::uint64_t begun = 0;
    const auto begin = [&](toro::BlockRequest& read) {
      read.sector = next() / device_->sector_size();
      batch.push_back(&read);
      ++begun;
    };
    for (unsigned i = 0; i < depth && begun < count; ++i) {
      reads[i].segment = std::span(memory).subspan(i * size, size);
      reads[i].data = {&reads[i].segment, 1};
      reads[i].completions = &completions;
      begin(reads[i]);
    }
    bool good = true;
    for (std::uint64_t done = 0; done < count;) {
      device_->submit(batch);
      batch.clear();
      for (auto* read = &completions.wait(); read != nullptr; read = completions.take()) {
        good = good && read->result.has_value();
        ++done;
        if (begun < count) begin(*read);
      }
    }
    return good;
  }

 private:
  Disk() {
    const auto all = toro::block_devices();
    if (!all.empty()) device_ = all.front();
  }

  toro::BlockDevice* device_ = nullptr;
};

}  // namespace platform
