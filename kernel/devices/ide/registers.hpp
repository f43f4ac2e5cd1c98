// The registers of an IDE channel and its bus master, and what is written to them. [ATA/ATAPI-6 §7] [Programming
// Interface for Bus Master IDE Controller 1.0 §2]
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace toro::ide {

/// The command block; `control` is in the control block. A register of which the name has two parts is the second one
/// when it is written.
enum class AtaRegister : std::uint8_t {
  error_features = 1,
  count = 2,
  lba_low = 3,
  lba_middle = 4,
  lba_high = 5,
  device = 6,
  status_command = 7,
  alternate_status_control = 8,
};

struct Status {
  static constexpr std::uint8_t kError = 1 << 0, kDataRequest = 1 << 3, kDeviceFault = 1 << 5, kReady = 1 << 6,
                                kBusy = 1 << 7;
  /// What is read where no drive is.
  static constexpr std::uint8_t kFloating = 0xff;
};

// Of the device register.
inline constexpr std::uint8_t kDeviceAlways = 0xa0, kDeviceLba = 0x40;
// Of the control register.
inline constexpr std::uint8_t kNoInterrupts = 1 << 1, kSoftwareReset = 1 << 2;

enum class AtaCommand : std::uint8_t {
  none = 0,
  read_sectors = 0x20,
  read_sectors_ext = 0x24,
  read_dma_ext = 0x25,
  read_multiple_ext = 0x29,
  write_sectors = 0x30,
  write_sectors_ext = 0x34,
  write_dma_ext = 0x35,
  write_multiple_ext = 0x39,
  read_multiple = 0xc4,
  write_multiple = 0xc5,
  set_multiple_mode = 0xc6,
  read_dma = 0xc8,
  write_dma = 0xca,
  flush_cache = 0xe7,
  flush_cache_ext = 0xea,
  identify = 0xec,
};

enum class BusMasterRegister : std::uint8_t { command = 0, status = 2 };
// Of its command.
inline constexpr std::uint8_t kStart = 1 << 0, kToMemory = 1 << 3;
// Of its status, cleared by writing ones.
inline constexpr std::uint8_t kMasterError = 1 << 1, kMasterInterrupt = 1 << 2;

inline constexpr std::size_t kSectorSize = 512;
using Sector = std::span<std::byte, kSectorSize>;

/// Part of a transfer by the bus master: even numbers, of a 64 KiB block that `address` is in. 0 bytes are 64 KiB.
struct PhysicalRegion {
  std::uint32_t address;
  std::uint16_t bytes;
  std::uint16_t flags;
};
static_assert(sizeof(PhysicalRegion) == 8);
inline constexpr std::uint16_t kLastRegion = 1 << 15;

/// The registers of a channel.
class Ports {
 public:
  [[nodiscard]] virtual std::uint8_t read(AtaRegister which) = 0;
  virtual void write(AtaRegister which, std::uint8_t value) = 0;
  virtual void read_sector(Sector sector) = 0;
  virtual void write_sector(std::span<const std::byte, kSectorSize> sector) = 0;

  [[nodiscard]] virtual bool has_bus_master() = 0;
  [[nodiscard]] virtual std::uint8_t read(BusMasterRegister which) = 0;
  virtual void write(BusMasterRegister which, std::uint8_t value) = 0;
  /// Where the bus master finds the regions, which it reads from now on.
  virtual void set_regions(const PhysicalRegion* regions) = 0;

 protected:
  ~Ports() = default;
};

}  // namespace toro::ide
