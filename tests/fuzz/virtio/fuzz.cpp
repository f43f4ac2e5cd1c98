// A hostile console device: right and wrong completions, control messages, configuration and ring contents, in any
// order with the driver's own calls. Neither console may touch foreign memory, hang, or hand out more than it was
// given.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "kernel/devices/virtio/console.hpp"
#include "kernel/devices/virtio/multiport_console.hpp"
#include "tests/fuzz/virtio/input.hpp"
#include "tests/unit/virtio/fake_transport.hpp"

using namespace toro::virtio;
using toro::virtio::test::FakeTransport;
using toro::virtio::test::Input;

namespace {

constexpr std::string_view kName = "org.toro.gdb.0";
constexpr std::uint16_t kQueues = 10;

void require(bool holds) {
  if (!holds) std::abort();
}

// The device's side. It takes chains as soon as the driver shows them, and knows them from then on; once it has
// scribbled over the descriptors it cannot take any more.
class HostileDevice {
 public:
  explicit HostileDevice(Input& input) : input_(input) {
    const std::uint8_t shape = input_.byte();
    transport.offered = transport.offered.with(Feature::event_index);
    if ((shape & 1) != 0) transport.offered = transport.offered.with(ConsoleFeature::multiport);
    if ((shape & 2) != 0) transport.accepts_features = input_.byte() != 0;
    if ((shape & 4) != 0) {
      for (std::uint16_t i = 0; i < kQueues; ++i) transport.queues[i].limit = input_.byte();
    }
    transport.configuration[4] = (shape & 8) != 0 ? input_.byte() : 2;
    if ((shape & 16) != 0) transport.configuration[5 + input_.byte() % 3] = input_.byte();
    if ((shape & 32) != 0) transport.generation = [this] { return input_.byte() & 1U; };
  }

  void step(std::uint8_t what) {
    const std::uint16_t index = input_.byte() % kQueues;
    FakeTransport::Queue& queue = transport.queues[index];
    if (!queue.enabled) return;
    collect(index);
    auto& taken = taken_[index];
    switch (what) {
      case 0: {  // as a good device does, with the bytes of the fuzzer
        if (taken.empty()) return;
        const std::size_t which = input_.byte() % taken.size();
        const auto chain = taken[which];
        taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(which));
        const auto bytes = input_.take(input_.byte());
        transport.push(index, chain.head, chain.fill(std::as_bytes(bytes)));
        return;
      }
      case 1: {  // a control message made of good parts
        auto& control = taken_[kControlReceiveQueue];
        if (!transport.queues[kControlReceiveQueue].enabled) return;
        collect(kControlReceiveQueue);
        if (control.empty()) return;
        std::vector<std::byte> message(sizeof(ControlMessage));
        const ControlMessage header{.port = input_.byte() % 6U,
                                    .event = static_cast<ControlEvent>(input_.byte() % 9),
                                    .value = static_cast<std::uint16_t>(input_.byte() & 1)};
        std::memcpy(message.data(), &header, sizeof header);
        if (header.event == ControlEvent::port_name) {
          for (char c : kName) message.push_back(static_cast<std::byte>(c));
        }
        const auto chain = control.front();
        control.erase(control.begin());
        transport.push(kControlReceiveQueue, chain.head, chain.fill(message));
        return;
      }
      case 2:  // a completion of anything
        transport.push(index, input_.byte() % 32U, input_.byte() * 16U);
        return;
      case 3:
        transport.push(index, input_.word(), input_.word());
        return;
      case 4:
        transport.set_used_index(index, static_cast<std::uint16_t>(input_.word()));
        return;
      case 5:
        std::atomic_ref(queue.used()->flags).store(input_.byte());
        return;
      case 6:
        intact_ = false;
        std::memset(queue.descriptors(), input_.byte(), queue.at.size * sizeof(Descriptor));
        std::memset(queue.available(), input_.byte(), 4U + 2U * queue.at.size);
        return;
      case 7: {  // data changes while the driver has it
        for (const auto& chain : taken) {
          for (auto part : chain.writable) std::memset(part.data(), input_.byte(), part.size());
        }
        transport.pending = {.queue = true, .configuration = (input_.byte() & 1) != 0};
        if ((input_.byte() & 7) == 7) transport.current = transport.current.with(StatusBit::device_needs_reset);
        return;
      }
      default:
        return;
    }
  }

  FakeTransport transport;

 private:
  void collect(std::uint16_t index) {
    if (!intact_) return;
    while (auto chain = transport.pop(index)) {
      // What the device may read it reads: the sanitizers see whether it was the driver's to offer.
      for (std::byte byte : chain->data()) sum_ += std::to_integer<unsigned>(byte);
      taken_[index].push_back(std::move(*chain));
    }
  }

  Input& input_;
  bool intact_ = true;
  unsigned sum_ = 0;
  std::array<std::vector<FakeTransport::Chain>, kQueues> taken_;
};

template <typename Stream>
void use(Stream& stream, Input& input) {
  std::array<std::byte, 3000> data{};
  const std::span<std::byte> part = std::span(data).first(input.byte() * 11U);
  switch (input.byte() % 3) {
    case 0: {
      const auto taken = stream.write(part);
      require(!taken || *taken <= part.size());
      return;
    }
    case 1: {
      const auto got = stream.read(part);
      require(!got || *got <= part.size());
      return;
    }
    default:
      static_cast<void>(stream.tx_idle());
  }
}

void run_single(Input& input) {
  HostileDevice device(input);
  const auto console = std::make_unique<Console>();
  if (!console->start(device.transport)) return;
  while (!input.empty()) {
    const std::uint8_t what = input.byte() % 16;
    if (what < 8) {
      device.step(what);
    } else if (what < 10) {
      console->on_interrupt();
    } else if (what < 12) {
      static_cast<void>(console->poll());
    } else {
      use(*console, input);
    }
  }
}

void run_multiport(Input& input) {
  HostileDevice device(input);
  const auto console = std::make_unique<StaticMultiportConsole<>>();
  if (!console->start(device.transport, {.open_port = kName})) return;
  while (!input.empty()) {
    const std::uint8_t what = input.byte() % 16;
    if (what < 8) {
      device.step(what);
      continue;
    }
    if (what < 10) console->on_interrupt();
    if (what == 10) static_cast<void>(console->poll());
    ConsolePort* const port = console->port(input.byte() % 6U);
    ConsolePort* const opened = console->opened();
    require(opened == nullptr || opened->name() == kName);
    if (port == nullptr) continue;
    require(port->name().size() <= kPortName);
    if (what == 11) static_cast<void>(console->open(*port));
    if (what == 12) console->close(*port);
    if (what > 12) use(*port, input);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  if ((input.byte() & 1) != 0) {
    run_multiport(input);
  } else {
    run_single(input);
  }
  return 0;
}
