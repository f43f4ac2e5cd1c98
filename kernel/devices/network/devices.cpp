// The machine's network devices, and which drivers find them.
#include "kernel/devices/network/device.hpp"

#include <array>
#include <new>

#include "kernel/include/toro/heap.hpp"

extern "C" const char toro_board_network_drivers;  // boards/NAME/network.cpp: TORO_NETWORK_DRIVERS_OF_BOARD

namespace toro::network {
namespace {

/// Brings the board's drivers along into the images that this file is in: those that ask for network devices.
[[gnu::used]] const char* const drivers = &toro_board_network_drivers;

constexpr std::size_t kMostDevices = 8;

constinit std::array<Device*, kMostDevices> known{};
constinit NetworkDevice* handles = nullptr;
constinit std::size_t count = 0;

}  // namespace

bool add_device(Driver& driver, const Connection& connection) {
  if (count == kMostDevices) return false;
  if (handles == nullptr) handles = static_cast<NetworkDevice*>(heap::allocate(kMostDevices * sizeof(NetworkDevice)));
  if (handles == nullptr) return false;
  void* const memory = heap::allocate(sizeof(Device), alignof(Device));
  if (memory == nullptr) return false;
  known[count] = new (memory) Device(static_cast<unsigned>(count), driver, connection);
  new (handles + count) NetworkDevice(*known[count]);
  ++count;
  return true;
}

bool add_queue(Driver& driver, const Connection& connection) {
  void* const memory = heap::allocate(sizeof(Device), alignof(Device));
  if (memory == nullptr) return false;
  Device* last = known[count - 1];
  while (last->next_queue_ != nullptr) last = last->next_queue_;
  last->next_queue_ = new (memory) Device(static_cast<unsigned>(count - 1), driver, connection);
  return true;
}

std::span<Device* const> devices() {
  return std::span(known).first(count);
}

}  // namespace toro::network

namespace toro {

std::span<NetworkDevice> network_devices() {
  return {network::handles, network::count};
}

}  // namespace toro
