// One channel of an IDE controller. [ATA/ATAPI-6 §9]
#include "kernel/devices/ide/channel.hpp"

#include <algorithm>

namespace toro::ide {
namespace {

constexpr int kShortTries = 1000;    // status readings, of about a microsecond each
constexpr int kLongTries = 200'000;  // at boot, for a drive that is there

/// How data moves: by the processor, a sector or a block of them at each interrupt, or by the bus master.
enum class Way : std::uint8_t { sectors, blocks, bus_master };

AtaCommand command_of(const Task& task, Way way) {
  using enum AtaCommand;
  constexpr AtaCommand kReads[2][3]{{read_sectors, read_multiple, read_dma},
                                    {read_sectors_ext, read_multiple_ext, read_dma_ext}};
  constexpr AtaCommand kWrites[2][3]{{write_sectors, write_multiple, write_dma},
                                     {write_sectors_ext, write_multiple_ext, write_dma_ext}};
  const bool ext = task.has_48_bit_addresses;
  switch (task.operation) {
    case block::Operation::read:
      return kReads[ext][static_cast<unsigned>(way)];
    case block::Operation::write:
      return kWrites[ext][static_cast<unsigned>(way)];
    case block::Operation::flush:
      return ext ? flush_cache_ext : flush_cache;
    default:
      return none;
  }
}

std::uint8_t byte_of(std::uint64_t value, unsigned byte) {
  return static_cast<std::uint8_t>(value >> 8 * byte);
}

}  // namespace

std::size_t describe_regions(std::span<const std::span<std::byte>> data, Regions& regions) {
  constexpr std::uint64_t kBlock = 0x10000, kEnd = std::uint64_t{1} << 32;
  std::size_t count = 0;
  for (const std::span<std::byte> segment : data) {
    std::uint64_t address = reinterpret_cast<std::uintptr_t>(segment.data());
    std::uint64_t left = segment.size();
    if (left > kLongestSegment || address >= kEnd || left > kEnd - address) return 0;
    while (left > 0) {
      const std::uint64_t bytes = std::min(left, kBlock - address % kBlock);
      if (count == regions.size()) return 0;
      regions[count++] = {static_cast<std::uint32_t>(address), static_cast<std::uint16_t>(bytes), 0};
      address += bytes;
      left -= bytes;
    }
  }
  if (count != 0) regions[count - 1].flags = kLastRegion;
  return count;
}

bool Channel::await(std::uint8_t set, std::uint8_t clear, int tries) {
  for (int i = 0; i < tries; ++i) {
    const std::uint8_t status = ports_.read(AtaRegister::alternate_status_control);
    if ((status & set) == set && (status & clear) == 0) return true;
  }
  return false;
}

bool Channel::select(std::uint8_t device) {
  constexpr int kReadingsOf400Nanoseconds = 4;
  ports_.write(AtaRegister::device, device);
  for (int i = 0; i < kReadingsOf400Nanoseconds; ++i)
    static_cast<void>(ports_.read(AtaRegister::alternate_status_control));
  return await(0, Status::kBusy | Status::kDataRequest, kShortTries);
}

std::expected<Identity, DriveError> Channel::identify(std::uint8_t drive) {
  constexpr std::uint8_t kPacketMiddle = 0x14, kPacketHigh = 0xeb;
  ports_.write(AtaRegister::alternate_status_control, kNoInterrupts);
  const bool is_ready = select(static_cast<std::uint8_t>(kDeviceAlways | drive << 4));
  const std::uint8_t before = ports_.read(AtaRegister::alternate_status_control);
  if (before == Status::kFloating || before == 0) {
    // A packet device is silent until it is asked by its own commands; its signature tells.
    if (before == 0 && ports_.read(AtaRegister::lba_middle) == kPacketMiddle &&
        ports_.read(AtaRegister::lba_high) == kPacketHigh)
      return std::unexpected{DriveError::packet};
    return std::unexpected{DriveError::absent};
  }
  if (!is_ready) return std::unexpected{DriveError::silent};
  ports_.write(AtaRegister::status_command, static_cast<std::uint8_t>(AtaCommand::identify));
  static_cast<void>(ports_.read(AtaRegister::alternate_status_control));
  if (!await(0, Status::kBusy, kLongTries)) return std::unexpected{DriveError::silent};
  const std::uint8_t status = ports_.read(AtaRegister::status_command);
  if (status == 0) return std::unexpected{DriveError::absent};
  if (ports_.read(AtaRegister::lba_middle) == kPacketMiddle && ports_.read(AtaRegister::lba_high) == kPacketHigh)
    return std::unexpected{DriveError::packet};
  if ((status & (Status::kError | Status::kDeviceFault)) != 0) return std::unexpected{DriveError::refused};
  if (!await(Status::kDataRequest, Status::kBusy, kLongTries)) return std::unexpected{DriveError::silent};
  std::byte data[kSectorSize];
  ports_.read_sector(data);
  const auto identity = read_identity(data);
  if (identity) set_block(drive, identity->block_sectors);
  return identity;
}

/// A drive that does not take it goes on by single sectors. [ATA/ATAPI-6 §8.39]
void Channel::set_block(std::uint8_t drive, std::uint8_t sectors) {
  if (sectors == 1 || !select(static_cast<std::uint8_t>(kDeviceAlways | drive << 4))) return;
  ports_.write(AtaRegister::count, sectors);
  ports_.write(AtaRegister::status_command, static_cast<std::uint8_t>(AtaCommand::set_multiple_mode));
  static_cast<void>(ports_.read(AtaRegister::alternate_status_control));
  if (!await(0, Status::kBusy, kLongTries)) return;
  const std::uint8_t status = ports_.read(AtaRegister::status_command);
  if ((status & (Status::kError | Status::kDeviceFault)) == 0) block_sectors_[drive] = sectors;
}

void Channel::start() {
  static_cast<void>(ports_.read(AtaRegister::status_command));  // what was pending
  ports_.write(AtaRegister::alternate_status_control, 0);
}

void Channel::set_address(const Task& task) {
  const auto set = [&](unsigned first) {
    ports_.write(AtaRegister::lba_low, byte_of(task.sector, first));
    ports_.write(AtaRegister::lba_middle, byte_of(task.sector, first + 1));
    ports_.write(AtaRegister::lba_high, byte_of(task.sector, first + 2));
  };
  if (task.has_48_bit_addresses) {  // the registers are two deep, and the upper halves come first
    ports_.write(AtaRegister::count, byte_of(task.count, 1));
    set(3);
  }
  ports_.write(AtaRegister::count, byte_of(task.count, 0));  // 256 is 0, and 65,536 is twice
  set(0);
}

void Channel::start_bus_master(bool to_memory) {
  const auto direction = static_cast<std::uint8_t>(to_memory ? kToMemory : 0);
  ports_.write(BusMasterRegister::command, direction);
  ports_.write(BusMasterRegister::command, direction | kStart);
}

bool Channel::begin(const Task& task) {
  const bool has_data = task.operation != block::Operation::flush;
  const bool dma =
      has_data && task.may_use_dma && ports_.has_bus_master() && describe_regions(task.data, regions_) != 0;
  const Way way = dma ? Way::bus_master : block_sectors_[task.drive] > 1 ? Way::blocks : Way::sectors;
  std::uint8_t device = static_cast<std::uint8_t>(kDeviceAlways | kDeviceLba | task.drive << 4);
  if (!task.has_48_bit_addresses) device |= byte_of(task.sector, 3) & 0xf;
  drive_ = task.drive;
  if (!select(device)) return false;
  if (has_data) set_address(task);
  if (dma) {
    ports_.write(BusMasterRegister::command, 0);
    ports_.write(BusMasterRegister::status, kMasterError | kMasterInterrupt);
    ports_.set_regions(regions_.data());
  }
  std::ranges::copy(task.data, data_.begin());
  segment_ = offset_ = 0;
  sectors_left_ = task.count;
  state_ = !has_data                                  ? State::without_data
           : dma                                      ? State::by_bus_master
           : task.operation == block::Operation::read ? State::reading
                                                      : State::writing;
  ports_.write(AtaRegister::status_command, static_cast<std::uint8_t>(command_of(task, way)));
  if (dma) start_bus_master(task.operation == block::Operation::read);
  if (state_ != State::writing) return true;
  // The first block is asked for without an interrupt; an error then comes with one.
  if (!await(Status::kDataRequest, Status::kBusy, kShortTries))
    return (ports_.read(AtaRegister::alternate_status_control) & Status::kError) != 0;
  write_block();
  return true;
}

Sector Channel::next_sector() {
  while (offset_ == data_[segment_].size()) {
    ++segment_;
    offset_ = 0;
  }
  const Sector sector(data_[segment_].subspan(offset_).first<kSectorSize>());
  offset_ += kSectorSize;
  --sectors_left_;
  return sector;
}

std::uint32_t Channel::sectors_of_next_block() const {
  return std::min<std::uint32_t>(sectors_left_, block_sectors_[drive_]);
}

void Channel::read_block() {
  for (std::uint32_t left = sectors_of_next_block(); left > 0; --left) ports_.read_sector(next_sector());
}

void Channel::write_block() {
  for (std::uint32_t left = sectors_of_next_block(); left > 0; --left) ports_.write_sector(next_sector());
}

Channel::Progress Channel::end(Progress progress) {
  state_ = State::idle;
  return progress;
}

Channel::Progress Channel::on_interrupt() {
  if (state_ == State::by_bus_master) return end_of_bus_master();
  const std::uint8_t status = ports_.read(AtaRegister::status_command);  // the line is low from here on
  if (state_ == State::idle || (status & Status::kBusy) != 0) return Progress::not_asked;
  if ((status & (Status::kError | Status::kDeviceFault)) != 0) return end(Progress::failed);
  if (state_ == State::without_data) return end(Progress::done);
  return move_block(status);
}

Channel::Progress Channel::move_block(std::uint8_t status) {
  const bool is_asking = (status & Status::kDataRequest) != 0;
  if (state_ == State::writing && sectors_left_ == 0) return end(is_asking ? Progress::broken : Progress::done);
  if (!is_asking) return end(Progress::broken);
  if (state_ == State::writing) {
    write_block();
    return Progress::goes_on;
  }
  read_block();
  return sectors_left_ == 0 ? end(Progress::done) : Progress::goes_on;
}

Channel::Progress Channel::end_of_bus_master() {
  const std::uint8_t master = ports_.read(BusMasterRegister::status);
  if ((master & kMasterInterrupt) == 0) return Progress::not_asked;
  ports_.write(BusMasterRegister::command, 0);
  ports_.write(BusMasterRegister::status, kMasterError | kMasterInterrupt);
  const std::uint8_t status = ports_.read(AtaRegister::status_command);
  if ((status & (Status::kBusy | Status::kDataRequest)) != 0) return end(Progress::broken);
  const bool failed = (status & (Status::kError | Status::kDeviceFault)) != 0 || (master & kMasterError) != 0;
  return end(failed ? Progress::failed : Progress::done);
}

void Channel::abort() {
  constexpr int kReadingsOf5Microseconds = 50;
  if (ports_.has_bus_master()) {
    ports_.write(BusMasterRegister::command, 0);
    ports_.write(BusMasterRegister::status, kMasterError | kMasterInterrupt);
  }
  ports_.write(AtaRegister::alternate_status_control, kSoftwareReset);
  for (int i = 0; i < kReadingsOf5Microseconds; ++i)
    static_cast<void>(ports_.read(AtaRegister::alternate_status_control));
  ports_.write(AtaRegister::alternate_status_control, 0);
  static_cast<void>(await(0, Status::kBusy, kShortTries));
  block_sectors_ = {1, 1};  // a drive may have forgotten it
  state_ = State::idle;
}

}  // namespace toro::ide
