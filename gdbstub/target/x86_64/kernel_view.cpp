#include "gdbstub/target/x86_64/kernel_view.hpp"

#include <algorithm>

namespace toro::gdbstub::x86_64 {

namespace {

std::uint64_t address_of(const void* pointer) {
  return reinterpret_cast<std::uint64_t>(pointer);
}

}  // namespace

unsigned KernelView::core_count() const {
  std::uint32_t count = 0;
  if (!read(address_of(anchor().core_count), count)) return 1;
  return std::clamp<std::uint32_t>(count, 1, arch::kMaxCores);
}

std::optional<std::uint64_t> KernelView::core_copy(unsigned core, std::uint64_t variable) const {
  if (core == 0) return variable;
  arch::Core entry;
  if (!read(address_of(anchor().cores + core), entry) || entry.distance == 0) return std::nullopt;
  return variable + entry.distance;
}

std::optional<arch::ContextRegistry> KernelView::contexts(unsigned core) const {
  const auto copy = core_copy(core, address_of(anchor().contexts));
  arch::ContextRegistry registry;
  if (!copy || !read(*copy, registry)) return std::nullopt;
  if (core != 0 && registry.running == nullptr) return std::nullopt;
  return registry;
}

}  // namespace toro::gdbstub::x86_64
