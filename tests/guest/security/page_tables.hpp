// The page tables as the processor reads them from CR3 on, apart from the kernel's own view. [SDM 3A 4.5]
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace security {

/// A page of any size, with the rights of all levels combined.
struct Page {
  std::uintptr_t address;
  std::uintptr_t physical;
  std::uint64_t size;
  bool writable;
  bool executable;
};

/// Calls `visit` for each mapped page, in order of addresses.
void for_each_page(const std::function<void(const Page&)>& visit);

/// The page that maps `address`.
[[nodiscard]] std::optional<Page> page_of(std::uintptr_t address);

template <class T>
[[nodiscard]] std::optional<Page> page_of(T* pointer) {
  return page_of(reinterpret_cast<std::uintptr_t>(pointer));
}

enum class Rights { none, read, read_write, read_execute, all };

[[nodiscard]] Rights rights_of(std::uintptr_t address);

template <class T>
[[nodiscard]] Rights rights_of(T* pointer) {
  return rights_of(reinterpret_cast<std::uintptr_t>(pointer));
}

}  // namespace security
