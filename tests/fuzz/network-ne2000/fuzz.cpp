// A hostile NE2000 card: any register value, and any bytes in its ring, in any order with the driver's own calls.
#include <memory>

#include "kernel/devices/network/ne2000.hpp"
#include "tests/fuzz/network_user.hpp"

using namespace toro::network;
using namespace toro::network::test;

namespace {

class HostileCard final : public Ne2000Window {
 public:
  explicit HostileCard(Input& input) : input_(input) {}

  std::uint8_t read(Ne2000Register which) override {
    const bool page_1 = (command_ & ne2000::kPage1) != 0;
    if (which == Ne2000Register::current_page && page_1)
      return ne2000::kRingStart + input_.byte() % (ne2000::kRingStop - ne2000::kRingStart + 1);
    if (which == Ne2000Register::command) return input_.byte() & (ne2000::kTransmit | ne2000::kStart);
    // Transfers end, but for one of many: a bounded wait is long for a fuzzer.
    if (which == Ne2000Register::interrupt_status && !page_1) {
      const std::uint8_t value = input_.byte();
      return value == 0x0f ? value : value | ne2000::kRemoteDone | ne2000::kResetDone;
    }
    return input_.byte();
  }
  void write(Ne2000Register which, std::uint8_t value) override {
    const bool page_1 = (command_ & ne2000::kPage1) != 0;
    if (which == Ne2000Register::command) command_ = value;
    if (which == Ne2000Register::boundary && !page_1) require(value >= ne2000::kRingStart && value < ne2000::kRingStop);
    if (which == Ne2000Register::remote_address_high && !page_1)
      require(value == 0 || (value >= ne2000::kTransmitPage && value < ne2000::kRingStop));
  }
  void read_data(std::span<std::byte> data) override {
    for (auto& byte : data) byte = static_cast<std::byte>(input_.byte());
    if (data.size() == sizeof(ne2000::ReceiveHeader) && (input_.byte() & 3) != 0) {  // often a good one
      data[0] = std::byte{ne2000::kReceivedIntact};
      data[1] = static_cast<std::byte>(ne2000::kRingStart + input_.byte() % 58);
      data[3] = static_cast<std::byte>(input_.byte() % 7);
    }
  }
  void write_data(std::span<const std::byte> data) override {
    for (const auto byte : data) sum_ += std::to_integer<unsigned>(byte);
  }
  void wait_microseconds(unsigned) override {}

 private:
  Input& input_;
  std::uint8_t command_ = 0;
  unsigned sum_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  HostileCard card(input);
  Ne2000 driver(card);
  if (!driver.prepare()) return 0;
  const auto user = std::make_unique<User>(driver, input);
  if (!user->start()) return 0;
  while (!input.empty()) user->step(input.byte() % User::kSteps);
  return 0;
}
