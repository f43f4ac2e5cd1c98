// What the system tests of PCs' devices boot: its first argument says what to do.
#include <toro/block.hpp>
#include <toro/cores.hpp>
#include <toro/shutdown.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/devices/interrupt_pins.hpp"

namespace {

constexpr std::size_t kSector = 512;

/// Different in each sector of each disk.
void fill(std::span<std::byte> data, std::uint64_t sector, unsigned disk) {
  for (std::size_t i = 0; i < data.size(); ++i)
    data[i] = static_cast<std::byte>((sector + i / kSector) * 31 + i % kSector * 7 + disk);
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::printf("disks: %s is not so\n", what);
  std::exit(1);
}

void require_done(const toro::BlockResult& result) {
  if (result) return;
  const toro::BlockError& error = result.error();
  const auto operation = describe(error.operation), reason = describe(error.reason);
  std::printf("disks: %.*s of %llu sectors at %llu: %.*s\n", static_cast<int>(operation.size()), operation.data(),
              static_cast<unsigned long long>(error.count), static_cast<unsigned long long>(error.sector),
              static_cast<int>(reason.size()), reason.data());
  std::exit(1);
}

/// Writes a pattern of `sectors` at `first`, and finds it there.
void try_range(toro::BlockDevice& disk, unsigned number, std::uint64_t first, std::size_t sectors) {
  std::vector<std::byte> pattern(sectors * kSector), found(sectors * kSector);
  fill(pattern, first, number);
  require_done(disk.write(first, pattern));
  require_done(disk.read(first, found));
  require(pattern == found, "what was read is what was written");
}

void try_disk(toro::BlockDevice& disk, unsigned number) {
  const auto name = disk.name(), identity = disk.identity();
  std::printf("%.*s: %.*s, %llu sectors\n", static_cast<int>(name.size()), name.data(),
              static_cast<int>(identity.size()), identity.data(), static_cast<unsigned long long>(disk.sectors()));
  require(disk.sectors() > 1000, "a disk has more than 1000 sectors");
  try_range(disk, number, 0, 1);
  try_range(disk, number, 3, 300);
  try_range(disk, number, disk.sectors() - 2, 2);
  require_done(disk.flush());
  std::byte sector[kSector];
  const auto beyond = disk.read(disk.sectors(), sector);
  require(!beyond && beyond.error().reason == toro::BlockError::Reason::out_of_range, "the disk ends where it says");
}

int disks() {
  unsigned number = 0;
  for (toro::BlockDevice* disk : toro::block_devices()) try_disk(*disk, number++);
  // From the last core, which is the only one where there is one.
  number = 0;
  for (toro::BlockDevice* disk : toro::block_devices()) {
    const unsigned mine = number++;
    toro::run_on(toro::cores() - 1, [disk, mine] { try_range(*disk, mine, 500, 64); });
  }
  std::printf("%u disks are good\n", number);
  return 0;
}

/// One sector that the test's disk cannot read or write.
int bad_sector(std::uint64_t sector) {
  toro::BlockDevice& disk = *toro::block_devices()[0];
  std::byte data[kSector]{};
  const auto read = disk.read(sector, data);
  require(!read && read.error().reason == toro::BlockError::Reason::io_error, "a sector that cannot be read is told");
  require(read.error().sector == sector && read.error().count == 1, "the error says where");
  require_done(disk.read(sector + 8, data));
  std::puts("the error was told");
  return 0;
}

int echo() {
  char line[128];
  while (std::fgets(line, sizeof line, stdin) != nullptr) {
    std::printf("[%s", line);
    std::fflush(stdout);
    if (std::string_view(line) == "end\n") return 0;
  }
  return 1;
}

/// Two lines, some seconds apart by the guest's clock, and what the wall clock shows.
int tick(int seconds) {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  std::printf("tick %lld\n", static_cast<long long>(std::chrono::duration_cast<std::chrono::seconds>(wall).count()));
  std::fflush(stdout);
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  std::puts("tock");
  return 0;
}

int wait_for_shutdown(bool listens) {
  if (listens)
    toro::on_shutdown([] {
      std::puts("asked to end");
      std::exit(7);
    });
  std::puts("waiting");
  std::fflush(stdout);
  for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
}

/// The clock interrupts the last core, and no driver says that it is its own.
int interrupt_for_nobody() {
  using toro::arch::in8, toro::arch::out8;
  constexpr std::uint8_t kClock = 8, kRegisterA = 0x0a, kRegisterB = 0x0b, kRegisterC = 0x0c;
  constexpr std::uint8_t kFastest = 3, kPeriodic = 1 << 6;  // 8192 interrupts in a second [MC146818 datasheet]
  static constexpr auto exchange = [](std::uint8_t number, std::uint8_t keep, std::uint8_t set) {
    out8(0x70, number);
    const std::uint8_t value = in8(0x71);
    if (keep != 0xff) out8(0x71, (value & keep) | set);
  };
  static std::atomic<int> interrupts = 0;
  const bool is_connected = toro::run_on(toro::cores() - 1, [] {
    const auto done = toro::devices::connect_pin(
        toro::devices::PinBus::isa, kClock,
        [](void*, toro::arch::TrapFrame&) {
          exchange(kRegisterC, 0xff, 0);  // by which it is acknowledged
          ++interrupts;
          return false;
        },
        nullptr);
    exchange(kRegisterA, 0xf0, kFastest);
    exchange(kRegisterB, 0x7f, kPeriodic);
    exchange(kRegisterC, 0xff, 0);
    return done.has_value();
  });
  require(is_connected, "the clock's pin is free");
  for (int before = -1; before != interrupts || before == 0;) {
    before = interrupts;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  std::printf("%d interrupts\n", interrupts.load());
  return 0;
}

/// Panics with text in the queue of a virtio console that may not reach memory any more.
[[noreturn]] void panic_unheard() {
  using toro::arch::in32, toro::arch::out32;
  constexpr std::uint16_t kAddress = 0xcf8, kData = 0xcfc;  // [PCI Local Bus 3.0 §3.2.2.3.2]
  constexpr std::uint32_t kEnable = 1U << 31, kConsole = 0x1043'1af4, kCommand = 4, kBusMaster = 1 << 2;
  for (std::uint32_t device = 0; device < 32; ++device) {
    const std::uint32_t function = kEnable | device << 11;
    out32(kAddress, function);
    if (in32(kData) != kConsole) continue;
    out32(kAddress, function | kCommand);
    out32(kData, in32(kData) & 0xffff & ~kBusMaster);
    std::puts("the console is deaf");
    std::fflush(stdout);
  }
  volatile int* nowhere = nullptr;
  asm volatile("" : "+r"(nowhere));
  *nowhere = 0;
  __builtin_unreachable();
}

int count_lines(int lines) {
  for (int line = 0; line < lines; ++line) std::printf("line %d of the text that scrolls\n", line);
  std::puts("waiting");
  std::fflush(stdout);
  for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  const int number = argc > 2 ? std::atoi(argv[2]) : 0;
  if (what == "disks") return disks();
  if (what == "bad-sector") return bad_sector(static_cast<std::uint64_t>(number));
  if (what == "echo") return echo();
  if (what == "tick") return tick(number);
  if (what == "power-button") return wait_for_shutdown(true);
  if (what == "deaf") return wait_for_shutdown(false);
  if (what == "interrupt-for-nobody") return interrupt_for_nobody();
  if (what == "panic-unheard") panic_unheard();
  if (what == "lines") return count_lines(number);
  return 2;
}
