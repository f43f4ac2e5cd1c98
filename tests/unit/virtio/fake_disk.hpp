// A block device's other side: a disk in memory behind a fake transport.
#pragma once

#include <cstring>
#include <string_view>
#include <vector>

#include "kernel/devices/virtio/block_protocol.hpp"
#include "tests/unit/virtio/fake_transport.hpp"

namespace toro::virtio::test {

class FakeDisk {
 public:
  explicit FakeDisk(std::uint64_t units) : medium(units * kBlockUnit) {
    transport.device_type = DeviceType::block;
    transport.offered = transport.offered.with(BlockFeature::seg_max)
                            .with(BlockFeature::flush)
                            .with(BlockFeature::discard)
                            .with(BlockFeature::write_zeroes)
                            .with(Feature::indirect_descriptors)
                            .with(Feature::event_index);
    set_capacity(units);
    set(BlockField::seg_max, 126);
    set(BlockField::max_discard_sectors, 64);
    set(BlockField::max_write_zeroes_sectors, 64);
  }

  void set(BlockField field, std::uint32_t value) {
    std::memcpy(transport.configuration.data() + static_cast<std::size_t>(field), &value, sizeof value);
  }
  void set_capacity(std::uint64_t units) {
    set(BlockField::capacity_low, static_cast<std::uint32_t>(units));
    set(BlockField::capacity_high, static_cast<std::uint32_t>(units >> 32));
  }

  /// Executes all requests that are there. How many they were.
  int serve() {
    int count = 0;
    for (; const auto chain = transport.pop(0); ++count) {
      longest = std::max(longest, chain->readable.size() + chain->writable.size());
      transport.push(0, chain->head, execute(*chain));
    }
    return count;
  }

  FakeTransport transport;
  std::vector<std::byte> medium;
  std::vector<BlockRequestHeader> seen;
  BlockStatus status = BlockStatus::ok;  // of all that is not get_identity
  std::uint32_t forgets = 0;             // bytes of each answer
  std::size_t longest = 0;

 private:
  std::uint32_t execute(const FakeTransport::Chain& chain) {
    const std::vector<std::byte> asked = chain.data();
    BlockRequestHeader header;
    std::memcpy(&header, asked.data(), sizeof header);
    seen.push_back(header);
    const auto body = std::span(asked).subspan(sizeof header);
    std::vector<std::byte> answer;
    const std::size_t at = header.sector * kBlockUnit;
    switch (header.type) {
      case BlockRequestType::get_identity: {
        constexpr std::string_view kName = "fake\n";
        answer.resize(kBlockIdentity);
        std::memcpy(answer.data(), kName.data(), kName.size());
        answer.push_back({});
        return chain.fill(answer);
      }
      case BlockRequestType::read: {
        std::size_t size = 0;
        for (const auto part : chain.writable) size += part.size();
        answer.assign(medium.begin() + static_cast<std::ptrdiff_t>(at),
                      medium.begin() + static_cast<std::ptrdiff_t>(at + size - 1));
        break;
      }
      case BlockRequestType::write:
        std::memcpy(medium.data() + at, body.data(), body.size());
        break;
      case BlockRequestType::discard:
      case BlockRequestType::write_zeroes: {
        BlockRange range;
        std::memcpy(&range, body.data(), sizeof range);
        std::memset(medium.data() + range.sector * kBlockUnit, 0, std::size_t{range.count} * kBlockUnit);
        break;
      }
      case BlockRequestType::flush:
        break;
    }
    answer.push_back(static_cast<std::byte>(status));
    return chain.fill(answer) - forgets;
  }
};

}  // namespace toro::virtio::test
