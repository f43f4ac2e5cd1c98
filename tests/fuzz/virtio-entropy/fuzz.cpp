// A hostile entropy device: whatever it completes, nothing beyond the key is written, and no more than the device gave.
#include <array>
#include <cstdlib>
#include <memory>

#include "kernel/devices/virtio/entropy.hpp"
#include "tests/fuzz/virtio/input.hpp"
#include "tests/unit/virtio/fake_transport.hpp"

using namespace toro::virtio;
using toro::virtio::test::FakeTransport;
using toro::virtio::test::Input;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  FakeTransport transport;
  transport.device_type = DeviceType::entropy;
  transport.queues[0].limit = input.byte();
  const auto entropy = std::make_unique<Entropy>();
  if (!entropy->start(transport)) return 0;
  const auto key = std::make_unique<std::array<std::byte, Entropy::kBytes>>();
  int complete = 0;
  while (!input.empty()) {
    switch (input.byte() % 6) {
      case 0:
        if (const auto chain = transport.pop(0))
          transport.push(0, chain->head, chain->fill(std::as_bytes(input.take(input.byte()))));
        break;
      case 1:
        transport.push(0, input.byte() % 4U, input.byte());
        break;
      case 2:
        transport.push(0, input.word(), input.word());
        break;
      case 3:
        transport.set_used_index(0, static_cast<std::uint16_t>(input.byte()));
        break;
      case 4:
        entropy->on_interrupt();
        break;
      default:
        if (entropy->take(*key).value_or(false)) ++complete;
    }
  }
  if (complete > 1) std::abort();
  return 0;
}
