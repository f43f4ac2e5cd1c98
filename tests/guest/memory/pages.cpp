// mmap, munmap and mprotect. Rights as the processor sees them: ../security/pages.cpp.
#include <doctest/doctest.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

constexpr std::size_t kPageSize = 4096;

void* map(std::size_t size, int protection = PROT_READ | PROT_WRITE) {
  return mmap(nullptr, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/// How many runs of `size` bytes there are until memory is out; all are unmapped again.
std::size_t runs_that_fit(std::size_t size) {
  std::vector<void*> runs;
  runs.reserve(1024);
  while (runs.size() < runs.capacity()) {
    void* run = map(size);
    if (run == MAP_FAILED) break;
    runs.push_back(run);
  }
  for (void* run : runs) REQUIRE(munmap(run, size) == 0);
  return runs.size();
}

}  // namespace

TEST_CASE("mapped pages are zeroed, page aligned and writable, also when they were used before") {
  for (int round = 0; round < 2; ++round) {
    auto* pages = static_cast<unsigned char*>(map(5 * kPageSize + 1));
    REQUIRE(pages != MAP_FAILED);
    CHECK(reinterpret_cast<std::uintptr_t>(pages) % kPageSize == 0);
    bool zero = true;
    for (std::size_t i = 0; i < 6 * kPageSize; ++i) zero = zero && pages[i] == 0;
    CHECK(zero);
    std::memset(pages, 0xee, 6 * kPageSize);
    CHECK(munmap(pages, 5 * kPageSize + 1) == 0);
  }
}

TEST_CASE("a part of a mapping can be given back") {
  auto* pages = static_cast<unsigned char*>(map(4 * kPageSize));
  REQUIRE(pages != MAP_FAILED);
  pages[0] = 1;
  pages[3 * kPageSize] = 3;
  CHECK(munmap(pages + kPageSize, 2 * kPageSize) == 0);
  CHECK(pages[0] == 1);
  CHECK(pages[3 * kPageSize] == 3);
  CHECK(munmap(pages, kPageSize) == 0);
  CHECK(munmap(pages + 3 * kPageSize, kPageSize) == 0);
}

TEST_CASE("what is asked wrongly is refused") {
  errno = 0;
  CHECK(map(0) == MAP_FAILED);
  CHECK(errno == EINVAL);
  errno = 0;
  CHECK(map(std::size_t{1} << 45) == MAP_FAILED);
  CHECK(errno == ENOMEM);
  errno = 0;
  CHECK(map(SIZE_MAX / 2) == MAP_FAILED);
  CHECK(errno == ENOMEM);
  errno = 0;
  CHECK(mmap(nullptr, kPageSize, PROT_READ, MAP_PRIVATE, 5, 0) == MAP_FAILED);  // there are no files
  CHECK(errno != 0);
  auto* page = static_cast<unsigned char*>(map(kPageSize));
  REQUIRE(page != MAP_FAILED);
  errno = 0;
  CHECK(munmap(page + 1, kPageSize) == -1);
  CHECK(errno == EINVAL);
  errno = 0;
  CHECK(munmap(page, 0) == -1);
  CHECK(errno == EINVAL);
  page[0] = 1;
  CHECK(munmap(page, kPageSize) == 0);
}

TEST_CASE("pages come back, also those that were protected") {
  constexpr std::size_t kRun = 512 * 1024;
  const std::size_t count = runs_that_fit(kRun);
  CHECK(count > 1);
  for (int round = 0; round < 50; ++round) {
    void* run = map(kRun, round % 2 == 0 ? PROT_NONE : PROT_READ);
    REQUIRE(run != MAP_FAILED);
    REQUIRE(mprotect(static_cast<char*>(run) + kPageSize, kPageSize, PROT_READ | PROT_WRITE) == 0);
    static_cast<char*>(run)[kPageSize] = 1;
    REQUIRE(munmap(run, kRun) == 0);
  }
  CHECK(runs_that_fit(kRun) == count);
}

TEST_CASE("memory that was read-only can be written when it is data again") {
  void* page = map(kPageSize, PROT_READ);
  REQUIRE(page != MAP_FAILED);
  auto& byte = *static_cast<volatile unsigned char*>(page);
  CHECK(byte == 0);
  REQUIRE(mprotect(page, kPageSize, PROT_READ | PROT_WRITE) == 0);
  byte = 42;
  REQUIRE(mprotect(page, kPageSize, PROT_READ) == 0);
  CHECK(byte == 42);
  CHECK(munmap(page, kPageSize) == 0);
}
