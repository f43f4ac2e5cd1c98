// Which functions are found, on machines that are sound and on those that are not.
#include "kernel/devices/pci/enumeration.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/pci/fake_machine.hpp"

using namespace toro::pci;
using test::FakeMachine;

namespace {

std::vector<Address> found_in(FakeMachine& machine, std::uint8_t last_bus = 255) {
  std::vector<Address> found;
  visit_functions(machine, last_bus, [&](const Function& function) { found.push_back(function.address()); });
  return found;
}

void add_bridge(FakeMachine& machine, Address at, std::uint8_t behind) {
  machine.add(at).set(0x0e, kHeaderBridge).set(0x19, behind);
}

}  // namespace

TEST_CASE("pci enumeration: devices, functions, and the buses behind bridges") {
  FakeMachine machine;
  machine.add({0, 0, 0});
  machine.add({0, 1, 0}).set(0x0e, kHeaderSeveralFunctions);
  machine.add({0, 1, 3});
  machine.add({0, 2, 0});
  machine.add({0, 2, 1});  // not looked for: the device says that it has one function
  add_bridge(machine, {0, 3, 0}, 7);
  machine.add({7, 31, 0});
  add_bridge(machine, {7, 4, 0}, 9);
  machine.add({9, 0, 0});
  machine.add({8, 0, 0});  // behind nothing
  const std::vector<Address> wanted{{0, 0, 0}, {0, 1, 0}, {0, 1, 3}, {0, 2, 0}, {7, 31, 0}, {9, 0, 0}};
  CHECK(found_in(machine) == wanted);
  CHECK(found_in(machine, 7).size() == 5);
}

TEST_CASE("pci enumeration: bridges that lead back end") {
  FakeMachine machine;
  add_bridge(machine, {0, 0, 0}, 0);
  add_bridge(machine, {0, 1, 0}, 5);
  add_bridge(machine, {0, 2, 0}, 5);
  add_bridge(machine, {5, 0, 0}, 5);
  add_bridge(machine, {5, 1, 0}, 0);
  machine.add({5, 2, 0});
  CHECK(found_in(machine) == std::vector<Address>{{5, 2, 0}});
}

TEST_CASE("pci enumeration: an empty machine") {
  FakeMachine machine;
  CHECK(found_in(machine).empty());
  CHECK(machine.accesses == kDevicesOfBus);
}
