// Loads and stores of memory that the device writes or reads at the same time.
#pragma once

#include <atomic>
#include <type_traits>

namespace toro::virtio {

// Each call is exactly one load or store, which the compiler may neither repeat nor tear.
template <typename T>
T load_once(T& shared, std::memory_order order) {
  return std::atomic_ref<T>(shared).load(order);
}
template <typename T>
void store_once(T& shared, std::type_identity_t<T> value, std::memory_order order) {
  std::atomic_ref<T>(shared).store(value, order);
}

}  // namespace toro::virtio
