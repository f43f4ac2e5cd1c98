// An IDE channel without a machine: drives that do what they are asked at once, and what is wrong as a test wants it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "kernel/devices/ide/channel.hpp"

namespace toro::ide::test {

/// A drive's 512 bytes of identity.
struct IdentityData {
  static constexpr std::uint16_t kMostBlock = 4;
  std::array<std::uint16_t, 256> words{};

  IdentityData(std::uint64_t sectors, bool ext) {
    words[47] = 0x8000 | kMostBlock;
    words[49] = 1 << 9 | 1 << 8;
    words[53] = 1 << 2;
    words[60] = static_cast<std::uint16_t>(std::min<std::uint64_t>(sectors, 0xfffffff));
    words[61] = static_cast<std::uint16_t>(std::min<std::uint64_t>(sectors, 0xfffffff) >> 16);
    words[83] = static_cast<std::uint16_t>(1 << 14 | (ext ? 1 << 10 : 0));
    words[85] = 1 << 5;
    words[86] = 1 << 12 | 1 << 13;
    words[87] = 1 << 14;
    words[88] = 0x203f;
    if (ext)
      for (unsigned i = 0; i < 4; ++i) words[100 + i] = static_cast<std::uint16_t>(sectors >> 16 * i);
    text(27, 20, "FAKE DISK");
    text(10, 10, "  S1");
  }
  void text(unsigned word, unsigned count, std::string_view characters) {
    for (unsigned i = 0; i < count; ++i) {
      const auto at = [&](unsigned n) { return n < characters.size() ? characters[n] : ' '; };
      words[word + i] = static_cast<std::uint16_t>(at(2 * i) << 8 | at(2 * i + 1));
    }
  }
  [[nodiscard]] std::span<const std::byte, kSectorSize> bytes() const {
    return std::as_bytes(std::span(words)).first<kSectorSize>();
  }
};

class FakeChannel final : public Ports {
 public:
  struct FakeDrive {
    std::vector<std::byte> medium{};
    bool ext = false;
    bool packet = false;
    bool takes_blocks = true;
    std::uint32_t block = 0;  // sectors, once they are chosen
    std::optional<std::uint64_t> bad_sector{};
  };
  std::optional<FakeDrive> drives[kDrivesOfChannel];
  bool silent = false;   // busy for ever, once a command has come
  bool asks_on = false;  // data is asked for beyond what was ordered
  bool bus_master = true;
  bool interrupts = false;  // the line is high
  int resets = 0;
  std::vector<AtaCommand> commands;

  FakeDrive& add(unsigned number, std::uint64_t sectors, bool ext) {
    drives[number] = FakeDrive{.medium = std::vector<std::byte>(sectors * kSectorSize), .ext = ext};
    for (std::uint64_t i = 0; i < drives[number]->medium.size(); ++i)
      drives[number]->medium[i] = static_cast<std::byte>(i / kSectorSize * 7 + i);
    return *drives[number];
  }

  std::uint8_t read(AtaRegister which) override {
    if (!drives[0] && !drives[1]) return Status::kFloating;
    switch (which) {
      case AtaRegister::status_command:
        interrupts = false;
        [[fallthrough]];
      case AtaRegister::alternate_status_control:
        return here() ? status_ : 0;
      case AtaRegister::lba_middle:
        return here() && here()->packet ? 0x14 : last_[index(which)];
      case AtaRegister::lba_high:
        return here() && here()->packet ? 0xeb : last_[index(which)];
      default:
        return last_[index(which)];
    }
  }
  void write(AtaRegister which, std::uint8_t value) override {
    if (which == AtaRegister::alternate_status_control) {
      if ((value & kSoftwareReset) != 0) {
        ++resets;
        status_ = Status::kReady;
        silent = false;
      }
      quiet_ = (value & kNoInterrupts) != 0;
      return;
    }
    if (which == AtaRegister::status_command) return begin(static_cast<AtaCommand>(value));
    before_[index(which)] = last_[index(which)];
    last_[index(which)] = value;
  }
  void read_sector(Sector sector) override {
    if ((status_ & Status::kDataRequest) == 0 || writes_) std::abort();
    if (identifies_) {
      std::ranges::copy(IdentityData(here()->medium.size() / kSectorSize, here()->ext).bytes(), sector.begin());
    } else {
      std::memcpy(sector.data(), at(), kSectorSize);
      ++sector_;
    }
    moved();
  }
  void write_sector(std::span<const std::byte, kSectorSize> sector) override {
    if ((status_ & Status::kDataRequest) == 0 || !writes_) std::abort();
    std::memcpy(at(), sector.data(), kSectorSize);
    ++sector_;
    moved();
  }
  bool has_bus_master() override { return bus_master; }
  std::uint8_t read(BusMasterRegister which) override {
    return which == BusMasterRegister::status ? master_status_ : master_command_;
  }
  void write(BusMasterRegister which, std::uint8_t value) override {
    if (which == BusMasterRegister::status) {
      master_status_ = static_cast<std::uint8_t>(master_status_ & ~(value & 6));
      return;
    }
    master_command_ = value;
    if ((value & kStart) != 0 && by_bus_master_) transfer();
  }
  void set_regions(const PhysicalRegion* regions) override { regions_ = regions; }

 private:
  static unsigned index(AtaRegister which) { return static_cast<unsigned>(which); }
  std::optional<FakeDrive>& here() { return drives[last_[index(AtaRegister::device)] >> 4 & 1]; }
  std::byte* at() { return &here()->medium.at(sector_ * kSectorSize); }

  void interrupt() {
    if (!quiet_) interrupts = true;
    master_status_ |= kMasterInterrupt;
  }
  void fail() {
    status_ = Status::kReady | Status::kError;
    interrupt();
  }
  void begin(AtaCommand command) {
    commands.push_back(command);
    if (!here()) return;
    if (silent) {
      status_ = Status::kBusy;
      return;
    }
    status_ = Status::kReady;
    identifies_ = command == AtaCommand::identify;
    blocks_ = command == AtaCommand::read_multiple || command == AtaCommand::read_multiple_ext ||
              command == AtaCommand::write_multiple || command == AtaCommand::write_multiple_ext;
    writes_ = command == AtaCommand::write_sectors || command == AtaCommand::write_sectors_ext ||
              command == AtaCommand::write_multiple || command == AtaCommand::write_multiple_ext ||
              command == AtaCommand::write_dma || command == AtaCommand::write_dma_ext;
    by_bus_master_ = command == AtaCommand::read_dma || command == AtaCommand::read_dma_ext ||
                     command == AtaCommand::write_dma || command == AtaCommand::write_dma_ext;
    if (command == AtaCommand::flush_cache || command == AtaCommand::flush_cache_ext) {
      status_ = Status::kReady;
      return interrupt();
    }
    if (command == AtaCommand::set_multiple_mode) {
      if (!here()->takes_blocks) return fail();
      here()->block = last_[index(AtaRegister::count)];
      return interrupt();
    }
    if (blocks_ && here()->block == 0) std::abort();
    if (identifies_) {
      left_ = 1;
      if (here()->packet) return fail();
      return next();
    }
    const bool ext = command == AtaCommand::read_sectors_ext || command == AtaCommand::write_sectors_ext ||
                     command == AtaCommand::read_multiple_ext || command == AtaCommand::write_multiple_ext ||
                     command == AtaCommand::read_dma_ext || command == AtaCommand::write_dma_ext;
    set_range(ext);
    if (sector_ + left_ > here()->medium.size() / kSectorSize) std::abort();  // the kernel checked that
    const auto bad = here()->bad_sector;
    if (bad && *bad >= sector_ && *bad < sector_ + left_) return fail();
    if (!by_bus_master_) next();
  }
  void set_range(bool ext) {
    const auto pair = [&](AtaRegister which) { return std::pair{last_[index(which)], before_[index(which)]}; };
    const auto [count, count_before] = pair(AtaRegister::count);
    const auto [low, low_before] = pair(AtaRegister::lba_low);
    const auto [middle, middle_before] = pair(AtaRegister::lba_middle);
    const auto [high, high_before] = pair(AtaRegister::lba_high);
    sector_ = std::uint64_t{low} | std::uint64_t{middle} << 8 | std::uint64_t{high} << 16;
    if (ext)
      sector_ |=
          std::uint64_t{low_before} << 24 | std::uint64_t{middle_before} << 32 | std::uint64_t{high_before} << 40;
    else
      sector_ |= std::uint64_t{last_[index(AtaRegister::device)] & 0xfU} << 24;
    left_ = ext ? std::uint32_t{count} | std::uint32_t{count_before} << 8 : count;
    if (left_ == 0) left_ = ext ? 65536 : 256;
  }
  /// A sector has been.
  void moved() {
    --left_;
    if (--of_block_ != 0) return;
    next();
    if (writes_) interrupt();  // after the last one, too
  }
  /// What is asked for next.
  void next() {
    of_block_ = blocks_ ? std::min(left_, here()->block) : 1;
    status_ = left_ != 0 || asks_on ? Status::kReady | Status::kDataRequest : Status::kReady;
    if (left_ != 0 && !writes_) interrupt();
  }
  void transfer() {
    if ((status_ & Status::kError) != 0) return;
    if (((master_command_ & kToMemory) == 0) != writes_) std::abort();
    std::uint64_t bytes = std::uint64_t{left_} * kSectorSize;
    std::byte* medium = at();
    for (const PhysicalRegion* region = regions_;; ++region) {
      const std::uint32_t size = region->bytes == 0 ? 0x10000 : region->bytes;
      if ((region->address & 0xffff) + size > 0x10000 || size > bytes) std::abort();
      auto* memory = reinterpret_cast<std::byte*>(std::uintptr_t{region->address});
      std::memcpy(writes_ ? medium : memory, writes_ ? memory : medium, size);
      medium += size;
      bytes -= size;
      if ((region->flags & kLastRegion) != 0) break;
    }
    if (bytes != 0) std::abort();
    status_ = Status::kReady;
    interrupt();
  }

  std::array<std::uint8_t, 8> last_{};
  std::array<std::uint8_t, 8> before_{};
  std::uint8_t status_ = Status::kReady;
  bool quiet_ = false;
  bool identifies_ = false;
  bool writes_ = false;
  bool by_bus_master_ = false;
  bool blocks_ = false;
  std::uint32_t of_block_ = 0;
  std::uint64_t sector_ = 0;
  std::uint32_t left_ = 0;
  std::uint8_t master_status_ = 0;
  std::uint8_t master_command_ = 0;
  const PhysicalRegion* regions_ = nullptr;
};

}  // namespace toro::ide::test
