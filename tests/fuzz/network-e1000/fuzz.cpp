// A hostile 8254x controller: any register value, any report of a frame, any descriptor, in any order with the driver's
// own calls.
#include <bit>
#include <cstring>
#include <memory>

#include "kernel/devices/network/e1000.hpp"
#include "tests/fuzz/network_user.hpp"

using namespace toro::network;
using namespace toro::network::test;

namespace {

class HostileDevice final : public E1000Window {
 public:
  explicit HostileDevice(Input& input) : input_(input) {}

  std::uint32_t read(E1000Register which) override {
    switch (which) {
      case E1000Register::eeprom_read:
        return input_.word() | e1000::kEepromDone;
      case E1000Register::control:
        return input_.byte();
      case E1000Register::interrupt_cause:
      case E1000Register::status:
        return input_.byte() == 0xff ? 0xffff'ffff : input_.byte();
      default:
        return input_.word();
    }
  }
  void write(E1000Register which, std::uint32_t value) override {
    if (which == E1000Register::receive_base_low) receive_low_ = value;
    if (which == E1000Register::receive_base_high) receive_high_ = value;
    if (which == E1000Register::transmit_base_low) transmit_low_ = value;
    if (which == E1000Register::transmit_base_high) transmit_high_ = value;
    if (which == E1000Register::receive_tail) require(value < E1000::kReceiveSize);
    if (which == E1000Register::transmit_tail) require(value < E1000::kTransmitSize);
  }
  std::uint64_t address_of(const void* memory) override { return reinterpret_cast<std::uintptr_t>(memory); }

  void step() {
    auto* receive = reinterpret_cast<e1000::ReceiveDescriptor*>(std::uint64_t{receive_high_} << 32 | receive_low_);
    auto* transmit = reinterpret_cast<e1000::TransmitDescriptor*>(std::uint64_t{transmit_high_} << 32 | transmit_low_);
    const std::uint8_t index = next_;
    switch (input_.byte() % 5) {
      case 0:  // a frame, perhaps a good one
        receive[next_++].report = std::bit_cast<std::uint64_t>(e1000::ReceiveReport{
            .length = static_cast<std::uint16_t>(input_.byte() * 8), .status = input_.byte(), .errors = 0});
        return;
      case 1:
        receive[input_.byte()].report = std::uint64_t{input_.word()} << 32 | input_.word();
        return;
      case 2:  // one sent
        transmit[sent_++].status = e1000::kSentDone;
        return;
      case 3:
        std::memset(&transmit[input_.byte()], input_.byte(), sizeof *transmit);
        return;
      default:
        std::memset(&receive[index], input_.byte(), sizeof *receive);
    }
  }

 private:
  Input& input_;
  std::uint32_t receive_low_ = 0, receive_high_ = 0, transmit_low_ = 0, transmit_high_ = 0;
  std::uint8_t next_ = 0, sent_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  HostileDevice device(input);
  const auto driver = std::make_unique<E1000>(device);
  if (!driver->prepare()) return 0;
  const auto user = std::make_unique<User>(*driver, input);
  if (!user->start()) return 0;
  while (!input.empty()) {
    const std::uint8_t what = input.byte() % (User::kSteps + 4);
    if (what < User::kSteps) {
      user->step(what);
    } else {
      device.step();
    }
  }
  return 0;
}
