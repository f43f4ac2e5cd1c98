// IDE controllers of PCs: PIIX3, PIIX4 and their kind, where ISA had them. [PIIX4 §5.2]
#include <new>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/devices/block/device.hpp"
#include "kernel/devices/console.hpp"
#include "kernel/devices/ide/channel.hpp"
#include "kernel/devices/ide/watchdog.hpp"
#include "kernel/devices/interrupt_pins.hpp"
#include "kernel/devices/pci/driver.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/memory/memory.hpp"

namespace toro::ide {
namespace {

constexpr unsigned kChannels = 2;

/// Where the ISA bus has a channel.
struct Place {
  std::uint16_t command_block;
  std::uint16_t control;
  std::uint8_t interrupt;
};
constexpr Place kPlaces[kChannels]{{0x1f0, 0x3f6, 14}, {0x170, 0x376, 15}};

class IsaPorts final : public Ports {
 public:
  /// `bus_master`: the channel's first port; 0 where there is none.
  IsaPorts(const Place& place, std::uint16_t bus_master) : place_(place), bus_master_(bus_master) {}

  std::uint8_t read(AtaRegister which) override { return arch::in8(port(which)); }
  void write(AtaRegister which, std::uint8_t value) override { arch::out8(port(which), value); }
  // The data register has 16 bits: a controller on PCI makes two accesses of one of 32.
  void read_sector(Sector sector) override {
    void* to = sector.data();
    std::size_t pairs = sector.size() / 4;
    asm volatile("rep insl" : "+D"(to), "+c"(pairs) : "d"(place_.command_block) : "memory");
  }
  void write_sector(std::span<const std::byte, kSectorSize> sector) override {
    const void* from = sector.data();
    std::size_t pairs = sector.size() / 4;
    asm volatile("rep outsl" : "+S"(from), "+c"(pairs) : "d"(place_.command_block) : "memory");
  }
  bool has_bus_master() override { return bus_master_ != 0; }
  std::uint8_t read(BusMasterRegister which) override {
    const std::uint8_t value = arch::in8(port(which));
    asm volatile("" ::: "memory");  // what the bus master has written is read after this
    return value;
  }
  void write(BusMasterRegister which, std::uint8_t value) override {
    asm volatile("" ::: "memory");  // what it is to read is written before this
    arch::out8(port(which), value);
  }
  void set_regions(const PhysicalRegion* regions) override {
    constexpr std::uint16_t kTable = 4;
    arch::out32(static_cast<std::uint16_t>(bus_master_ + kTable),
                static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(regions)));
  }

 private:
  [[nodiscard]] std::uint16_t port(AtaRegister which) const {
    if (which == AtaRegister::alternate_status_control) return place_.control;
    return static_cast<std::uint16_t>(place_.command_block + static_cast<unsigned>(which));
  }
  [[nodiscard]] std::uint16_t port(BusMasterRegister which) const {
    return static_cast<std::uint16_t>(bus_master_ + static_cast<unsigned>(which));
  }

  Place place_;
  std::uint16_t bus_master_;
};

class Controller;

/// A disk; lives for ever.
class Drive final : public block::Driver {
 public:
  Drive(Controller& controller, std::uint8_t number, const Identity& identity, bool may_use_dma)
      : controller_(controller),
        number_(number),
        has_48_bit_addresses_(identity.has_48_bit_addresses),
        may_use_dma_(may_use_dma && identity.has_dma),
        device_(*this, properties_of(identity)) {}

  [[nodiscard]] block::Device& device() { return device_; }

  Start start(const block::Command& command) override;
  void notify() override {}
  void stop() override;

  /// What was started has ended.
  void complete(std::optional<block::Reason> why) {
    BlockRequest* const request = current_;
    current_ = nullptr;
    if (request != nullptr) device_.complete(*request, why);
  }

 private:
  static block::Properties properties_of(const Identity& identity) {
    constexpr std::uint32_t kMost28 = 256, kMost48 = 8192;
    return {.sector_size = kSectorSize,
            .sectors = identity.sectors,
            .has_write_cache = identity.has_write_cache,
            .segments = block::kMostSegments,
            .segment_bytes = kLongestSegment,
            .transfer_sectors = identity.has_48_bit_addresses ? kMost48 : kMost28,
            .alignment = 2,
            .identity = identity.name};
  }

  Controller& controller_;
  std::uint8_t number_;
  bool has_48_bit_addresses_;
  bool may_use_dma_;
  BlockRequest* current_ = nullptr;
  block::Device device_;
};

/// A channel and its drives; lives for ever.
class Controller final : public Watched {
 public:
  Controller(const Place& place, std::uint16_t bus_master, Regions& regions)
      : ports_(place, bus_master), channel_(ports_, regions) {}

  /// Finds the channel's drives and makes each a block device.
  void start(const Place& place, bool may_use_dma);

  [[nodiscard]] Channel& channel() { return channel_; }

  /// Of Watched.
  [[nodiscard]] std::uint64_t task_in_flight() override { return channel_.is_busy() ? tasks_ : 0; }
  void give_up() override {
    print(console::sink(), "toro: ide: drive {} did not answer and is not used any more\n", channel_.drive());
    if (Drive* drive = drives_[channel_.drive()]) drive->device().break_down();
    proceed();
  }

  void count_task() {
    ++tasks_;
    watch();
  }

 private:
  static bool on_pin(void* argument, arch::TrapFrame&);
  Drive* add(std::uint8_t number, const Identity& identity, bool may_use_dma);
  /// Both may have waited for the channel: the one that did not just have it goes first.
  void proceed() {
    const unsigned last = channel_.drive();
    for (const unsigned number : {1 - last, last})
      if (drives_[number] != nullptr) drives_[number]->device().proceed();
  }

  IsaPorts ports_;
  Channel channel_;
  Drive* drives_[kDrivesOfChannel]{};
  std::uint64_t tasks_ = 0;
};

Drive::Start Drive::start(const block::Command& command) {
  if (controller_.channel().is_busy()) return Start::full;
  current_ = command.request;
  controller_.count_task();
  const bool begun = controller_.channel().begin({.drive = number_,
                                                  .has_48_bit_addresses = has_48_bit_addresses_,
                                                  .may_use_dma = may_use_dma_,
                                                  .operation = command.operation,
                                                  .sector = command.sector,
                                                  .count = command.count,
                                                  .data = command.data});
  if (begun) return Start::started;
  current_ = nullptr;
  return Start::broken;
}

void Drive::stop() {
  // The other drive may be at work: it keeps the channel.
  if (!controller_.channel().is_busy() || controller_.channel().drive() == number_) controller_.channel().abort();
  complete(block::Reason::device_broken);
}

bool Controller::on_pin(void* argument, arch::TrapFrame&) {
  Controller& self = *static_cast<Controller*>(argument);
  const Channel::Progress progress = self.channel_.on_interrupt();
  if (progress == Channel::Progress::not_asked) return false;
  if (progress == Channel::Progress::goes_on) return ++self.tasks_, true;  // the rest has its own time
  Drive* drive = self.drives_[self.channel_.drive()];
  if (progress == Channel::Progress::broken)
    drive->device().break_down();
  else if (progress == Channel::Progress::failed)
    drive->complete(block::Reason::io_error);
  else
    drive->complete(std::nullopt);
  self.proceed();
  return true;
}

Drive* Controller::add(std::uint8_t number, const Identity& identity, bool may_use_dma) {
  void* memory = memory::heap().allocate(sizeof(Drive));
  return memory == nullptr ? nullptr : new (memory) Drive(*this, number, identity, may_use_dma);
}

void Controller::start(const Place& place, bool may_use_dma) {
  bool any = false;
  for (std::uint8_t number = 0; number < kDrivesOfChannel; ++number) {
    const auto identity = channel_.identify(number);
    if (identity) {
      drives_[number] = add(number, *identity, may_use_dma);
      any = any || drives_[number] != nullptr;
    } else if (identity.error() != DriveError::absent) {
      print(console::sink(), "toro: ide: drive {} at port {:#x}: {}\n", number, place.command_block,
            describe(identity.error()));
    }
  }
  if (!any) return;
  if (!devices::connect_pin(devices::PinBus::isa, place.interrupt, on_pin, this))
    return print(console::sink(), "toro: ide: interrupt {} is another's\n", place.interrupt);
  channel_.start();
  join_watch();
  for (Drive* drive : drives_)
    if (drive != nullptr) block::add(drive->device(), "ide");
}

/// Of the class code: which channels are not where ISA had them.
constexpr std::uint8_t kNativeModes = 0x05;

std::expected<void, pci::Error> start(const pci::Function& function) {
  constexpr std::uint64_t kBusMasterPorts = 16, kPortsOfChannel = 8;
  constexpr unsigned kProgrammingInterface = static_cast<unsigned>(pci::Register::class_code) + 1;
  if ((function.read8(kProgrammingInterface) & kNativeModes) != 0) return std::unexpected{pci::Error::no_capability};
  const pci::Bar master = function.read_bars()[4];
  const bool has_master = master.space == pci::Bar::Space::io && master.limit() >= kBusMasterPorts;
  function.set_command(function.read16(pci::Register::command) | pci::kCommandIo |
                       (has_master ? pci::kCommandBusMaster : 0));
  const bool may_use_dma = boot::command_line().option("ide") != "pio";
  for (unsigned i = 0; i < kChannels; ++i) {
    const std::uintptr_t page = memory::allocate_zeroed_pages(1);
    void* memory = memory::heap().allocate(sizeof(Controller));
    if (page == 0 || memory == nullptr) return std::unexpected{pci::Error::no_memory};
    const bool reaches_page = page + memory::kPageSize <= std::uint64_t{1} << 32;
    const auto bus_master =
        static_cast<std::uint16_t>(has_master && reaches_page ? master.address + i * kPortsOfChannel : 0);
    auto* controller = new (memory) Controller(kPlaces[i], bus_master, *reinterpret_cast<Regions*>(page));
    controller->start(kPlaces[i], may_use_dma);
  }
  return {};
}

}  // namespace
}  // namespace toro::ide

namespace toro::pci {

TORO_PCI_DRIVER(ide_driver, {
                                .name = "ide",
                                .wants =
                                    [](const Function& function) {
                                      constexpr unsigned kClass = static_cast<unsigned>(Register::class_code) + 2;
                                      constexpr std::uint16_t kIde = 0x0101;
                                      return function.read16(kClass) == kIde;
                                    },
                                .start = ide::start,
                            });

}  // namespace toro::pci
