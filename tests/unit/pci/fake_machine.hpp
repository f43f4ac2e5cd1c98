// Configuration space without a machine: functions as bytes, of which a driver can change some.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>

#include "kernel/devices/pci/configuration.hpp"
#include "kernel/devices/pci/function.hpp"

namespace toro::pci::test {

struct FakeFunction {
  std::array<std::uint8_t, kConfigurationSize> bytes{};

  template <typename T>
  FakeFunction& set(unsigned offset, T value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
    return *this;
  }
  FakeFunction& set(Register which, std::uint16_t value) { return set(static_cast<unsigned>(which), value); }

  [[nodiscard]] std::uint32_t read(unsigned offset) const {
    std::uint32_t value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
  }
  void write(unsigned offset, std::uint32_t value) {
    if (offset == static_cast<unsigned>(Register::command)) value = (value & 0xffff) | (read(offset) & 0xffff0000);
    set(offset, value);
  }
};

class FakeMachine final : public Configuration {
 public:
  FakeFunction& add(Address at) {
    FakeFunction& function = functions_[key(at)];
    return function.set(Register::vendor, 0x1234);
  }
  FakeFunction& at(Address address) { return functions_.at(key(address)); }

  std::uint32_t read(Address address, unsigned offset) override {
    require_good(offset);
    ++accesses;
    const auto found = functions_.find(key(address));
    return found == functions_.end() ? 0xffff'ffff : found->second.read(offset);
  }
  void write(Address address, unsigned offset, std::uint32_t value) override {
    require_good(offset);
    ++accesses;
    const auto found = functions_.find(key(address));
    if (found != functions_.end()) found->second.write(offset, value);
  }

  std::size_t accesses = 0;

 private:
  static unsigned key(Address at) { return at.bus * 256U + at.device * 8U + at.function; }
  static void require_good(unsigned offset) {
    if (offset % 4 != 0 || offset >= kConfigurationSize) std::abort();
  }

  std::map<unsigned, FakeFunction> functions_;
};

}  // namespace toro::pci::test
