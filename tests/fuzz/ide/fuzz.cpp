// Registers of an IDE channel that read as anything: no byte is moved beyond what was asked for, and every task ends.
#include <array>
#include <cstdlib>
#include <vector>

#include "kernel/devices/ide/channel.hpp"
#include "tests/fuzz/virtio/input.hpp"

using namespace toro;
using namespace toro::ide;
using virtio::test::Input;

namespace {

/// Each reading is the next byte; long after the last one it settles, so that what waits is seen to give up soon.
class HostilePorts final : public Ports {
 public:
  explicit HostilePorts(Input& input) : input_(input) {}

  std::uint8_t read(AtaRegister) override { return input_.byte(); }
  void write(AtaRegister, std::uint8_t) override {}
  void read_sector(Sector sector) override {
    for (std::byte& byte : sector) byte = static_cast<std::byte>(input_.byte());
    ++moved;
  }
  void write_sector(std::span<const std::byte, kSectorSize> sector) override {
    for (const std::byte byte : sector) sum_ += static_cast<unsigned>(byte);
    ++moved;
  }
  bool has_bus_master() override { return false; }
  std::uint8_t read(BusMasterRegister) override { return input_.byte(); }
  void write(BusMasterRegister, std::uint8_t) override {}
  void set_regions(const PhysicalRegion*) override { std::abort(); }

  std::uint32_t moved = 0;

 private:
  Input& input_;
  volatile unsigned sum_ = 0;
};

void run(Channel& channel, HostilePorts& ports, Input& input, const Task& task) {
  ports.moved = 0;
  if (!channel.begin(task)) return channel.abort();
  for (int interrupts = 0; channel.is_busy() && interrupts < 64; ++interrupts) {
    static_cast<void>(channel.on_interrupt());
    if (input.empty()) break;
  }
  if (ports.moved > task.count) std::abort();
  if (channel.is_busy()) channel.abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  HostilePorts ports(input);
  static Regions regions;
  Channel channel(ports, regions);
  if (const auto identity = channel.identify(input.byte() & 1))
    if (identity->sectors == 0 || identity->sectors > std::uint64_t{1} << 48) std::abort();
  channel.start();
  for (int tasks = 0; tasks < 8 && !input.empty(); ++tasks) {
    const std::uint8_t choice = input.byte();
    const std::uint32_t count = input.byte() % 16 + 1;
    std::vector<std::byte> first(count / 2 * kSectorSize);
    std::vector<std::byte> second((count - count / 2) * kSectorSize);
    const std::array<std::span<std::byte>, 2> pieces{first, second};
    const bool flush = (choice & 3) == 2;
    run(channel, ports, input,
        {.drive = static_cast<std::uint8_t>(choice >> 2 & 1),
         .has_48_bit_addresses = (choice & 8) != 0,
         .may_use_dma = (choice & 16) != 0,
         .operation = flush               ? block::Operation::flush
                      : (choice & 1) != 0 ? block::Operation::write
                                          : block::Operation::read,
         .sector = input.word(),
         .count = flush ? 0 : count,
         .data = flush ? std::span<const std::span<std::byte>>{} : pieces});
  }
  std::byte raw[kSectorSize]{};
  for (std::size_t i = 0; i < size && i < kSectorSize; ++i) raw[i] = static_cast<std::byte>(data[i]);
  static_cast<void>(read_identity(raw));
  return 0;
}
