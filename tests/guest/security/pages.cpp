// What may be read, written and executed, and what is not there at all.
#include <doctest/doctest.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <thread>

#include "kernel/arch/x86_64/context.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "security/page_tables.hpp"

extern "C" const unsigned char toro_image_start[], toro_text_end[], toro_rodata_end[], toro_image_end[],
    toro_boot_stack_guard[], toro_boot_stack_low[], toro_boot_stack_high[];

namespace {

using security::Page;
using security::Rights;
using security::rights_of;

constexpr std::uintptr_t kPageSize = 4096;

std::uintptr_t address_of(const unsigned char* symbol) {
  return reinterpret_cast<std::uintptr_t>(symbol);
}

struct Base {
  virtual ~Base() = default;
  virtual int number() const { return 1; }
};

int initialised = 1;
int zeroed;
thread_local int own = 1;
const int constant = 7;
void (*const relocated)(void*) = &std::free;

std::size_t count_pages_if(bool (*wanted)(const Page&)) {
  std::size_t count = 0;
  security::for_each_page([&](const Page& page) { count += wanted(page) ? 1 : 0; });
  return count;
}

}  // namespace

TEST_CASE("no page is writable and executable") {
  CHECK(count_pages_if([](const Page& page) { return page.writable && page.executable; }) == 0);
}

TEST_CASE("every page is mapped at its physical address, once") {
  CHECK(count_pages_if([](const Page& page) { return page.address != page.physical; }) == 0);
}

TEST_CASE("only the image's text is executable, and all of it") {
  CHECK(count_pages_if([](const Page& page) {
          return page.executable &&
                 (page.address < address_of(toro_image_start) || page.address + page.size > address_of(toro_text_end));
        }) == 0);
  for (auto page = address_of(toro_image_start); page < address_of(toro_text_end); page += kPageSize) {
    CAPTURE(page);
    CHECK(rights_of(page) == Rights::read_execute);
  }
}

TEST_CASE("page 0 is not mapped") {
  CHECK(rights_of(std::uintptr_t{0}) == Rights::none);
}

TEST_CASE("constants are read-only") {
  // Among them the GOT, .data.rel.ro and the tables of constructors: the linker script puts them there.
  for (auto page = address_of(toro_text_end); page < address_of(toro_rodata_end); page += kPageSize) {
    CAPTURE(page);
    CHECK(rights_of(page) == Rights::read);
  }
  const Base object;
  CHECK(rights_of("a literal") == Rights::read);
  CHECK(rights_of(&constant) == Rights::read);
  CHECK(rights_of(&relocated) == Rights::read);
  CHECK(rights_of(*reinterpret_cast<void* const*>(&object)) == Rights::read);  // its table of virtual functions
  CHECK(rights_of(&typeid(object)) == Rights::read);
}

TEST_CASE("the program headers ask for no segment that is writable and executable, and unwind tables are read-only") {
  int loads = 0;
  bool unwind_tables = false;
  struct Seen {
    int* loads;
    bool* unwind_tables;
  } seen{&loads, &unwind_tables};
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        const auto& seen = *static_cast<Seen*>(data);
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& header = info->dlpi_phdr[i];
          if (header.p_type == PT_LOAD) {
            ++*seen.loads;
            CHECK((header.p_flags & (PF_W | PF_X)) != (PF_W | PF_X));
          }
          if (header.p_type == PT_GNU_EH_FRAME) {
            *seen.unwind_tables = true;
            CHECK(rights_of(info->dlpi_addr + header.p_vaddr) == Rights::read);
          }
        }
        return 0;
      },
      &seen);
  CHECK(loads >= 3);
  CHECK(unwind_tables);
}

TEST_CASE("data, heap, stack and thread-local data are not executable") {
  const int on_stack = 0;
  const std::unique_ptr<int> small = std::make_unique<int>(1);
  const std::unique_ptr<char[]> large = std::make_unique<char[]>(1 << 20);
  CHECK(rights_of(&initialised) == Rights::read_write);
  CHECK(rights_of(&zeroed) == Rights::read_write);
  CHECK(rights_of(&own) == Rights::read_write);
  CHECK(rights_of(&on_stack) == Rights::read_write);
  CHECK(rights_of(small.get()) == Rights::read_write);
  CHECK(rights_of(large.get()) == Rights::read_write);
  CHECK(rights_of(large.get() + (1 << 20) - 1) == Rights::read_write);
}

TEST_CASE("a guard page lies below the boot stack") {
  CHECK(rights_of(&toro_boot_stack_guard) == Rights::none);
  for (auto page = address_of(toro_boot_stack_low); page < address_of(toro_boot_stack_high); page += kPageSize)
    CHECK(rights_of(page) == Rights::read_write);
}

TEST_CASE("a guard page lies below main's stack") {
  const toro::arch::Context& main_thread = *toro::arch::contexts->running;
  const int on_stack = 0;
  REQUIRE(main_thread.stack_low <= reinterpret_cast<std::uintptr_t>(&on_stack));
  REQUIRE(main_thread.stack_high > reinterpret_cast<std::uintptr_t>(&on_stack));
  CHECK(rights_of(main_thread.stack_low) == Rights::read_write);
  CHECK(rights_of(main_thread.stack_low - 1) == Rights::none);
}

TEST_CASE("a guard page lies below a thread's stack, and the stack is not executable") {
  Rights lowest = Rights::all, below = Rights::all, here = Rights::all, thread_local_data = Rights::all;
  std::thread([&] {
    const int on_stack = 0;
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
    void* low = nullptr;
    std::size_t size = 0;
    pthread_attr_getstack(&attributes, &low, &size);
    lowest = rights_of(low);
    below = rights_of(reinterpret_cast<std::uintptr_t>(low) - 1);
    here = rights_of(&on_stack);
    thread_local_data = rights_of(&own);
  }).join();
  CHECK(lowest == Rights::read_write);
  CHECK(below == Rights::none);
  CHECK(here == Rights::read_write);
  CHECK(thread_local_data == Rights::read_write);
}

TEST_CASE("memory that a thread's stack was is data again") {
  std::uintptr_t guard = 0;
  std::thread([&] {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
    void* low = nullptr;
    std::size_t size = 0;
    pthread_attr_getstack(&attributes, &low, &size);
    guard = reinterpret_cast<std::uintptr_t>(low) - 1;
  }).join();
  REQUIRE(guard != 0);
  CHECK(rights_of(guard) == Rights::read_write);
}

TEST_CASE("pages have the rights that mmap and mprotect gave") {
  auto* page =
      static_cast<unsigned char*>(mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  REQUIRE(page != MAP_FAILED);
  CHECK(rights_of(page) == Rights::read_write);
  page[0] = 0xc3;  // ret
  REQUIRE(mprotect(page, kPageSize, PROT_READ | PROT_EXEC) == 0);
  CHECK(rights_of(page) == Rights::read_execute);
  reinterpret_cast<void (*)()>(page)();
  REQUIRE(mprotect(page, kPageSize, PROT_READ) == 0);
  CHECK(rights_of(page) == Rights::read);
  REQUIRE(mprotect(page, kPageSize, PROT_NONE) == 0);
  CHECK(rights_of(page) == Rights::none);
  REQUIRE(munmap(page, kPageSize) == 0);
  CHECK(rights_of(page) == Rights::read_write);
}

TEST_CASE("writable and executable is refused") {
  errno = 0;
  CHECK(mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
  CHECK(errno == EACCES);
  void* page = mmap(nullptr, kPageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(page != MAP_FAILED);
  errno = 0;
  CHECK(mprotect(page, kPageSize, PROT_WRITE | PROT_EXEC) == -1);
  CHECK(errno == EACCES);
  CHECK(rights_of(page) == Rights::read);
  CHECK(munmap(page, kPageSize) == 0);
}

TEST_CASE("the kernel's own pages, the image and the heap are neither unmapped nor given other rights") {
  const auto block = std::make_unique<unsigned char[]>(2 * kPageSize);
  const int on_stack = 0;
  const std::uintptr_t kept[]{
      address_of(toro_image_start),
      address_of(toro_text_end),
      reinterpret_cast<std::uintptr_t>(&zeroed),
      toro::arch::read_cr3(),
      reinterpret_cast<std::uintptr_t>(block.get()),
      reinterpret_cast<std::uintptr_t>(&on_stack),
      toro::arch::contexts->first->stack_low,
  };
  for (const std::uintptr_t address : kept) {
    const std::uintptr_t page = address & ~(kPageSize - 1);
    const Rights before = rights_of(page);
    CAPTURE(page);
    errno = 0;
    CHECK(munmap(reinterpret_cast<void*>(page), kPageSize) == -1);
    CHECK(errno == EINVAL);
    CHECK(mprotect(reinterpret_cast<void*>(page), kPageSize, PROT_READ) == -1);
    CHECK(errno == ENOMEM);
    CHECK(rights_of(page) == before);
  }
}

TEST_CASE("of a run of pages that is not all mapped nothing is unmapped") {
  auto* pages = static_cast<unsigned char*>(
      mmap(nullptr, 200 * kPageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  REQUIRE(pages != MAP_FAILED);
  REQUIRE(munmap(pages + 150 * kPageSize, kPageSize) == 0);
  CHECK(munmap(pages, 200 * kPageSize) == -1);
  CHECK(munmap(pages, 150 * kPageSize) == 0);
  CHECK(munmap(pages + 151 * kPageSize, 49 * kPageSize) == 0);
}
