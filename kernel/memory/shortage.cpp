// Memory that is used while nobody needs it.
#include "kernel/memory/shortage.hpp"

#include "kernel/memory/memory.hpp"

namespace toro::memory {
namespace {

struct Shortage {
  PageSource pages;
  bool (*give_back)();
};
TORO_PER_CORE(Shortage, shortages);

std::uintptr_t allocate(void* context, std::size_t count, std::size_t alignment) {
  for (;;) {
    const std::uintptr_t address = shortages->pages.allocate(context, count, alignment);
    if (address != 0 || !shortages->give_back()) return address;
    static_cast<void>(heap().give_back_kept());
  }
}

}  // namespace

void on_shortage(bool (*give_back)()) {
  const PageSource& pages = heap().page_source();
  *shortages = {pages, give_back};
  heap().replace_page_source({.context = pages.context, .allocate = allocate, .free = pages.free});
}

}  // namespace toro::memory
