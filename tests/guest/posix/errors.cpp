// What system calls refuse, and with which error.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <toro/fault.hpp>

#include "calls.hpp"

namespace {

constexpr std::size_t kPageSize = 4096;

void* map(std::size_t size, int protection) {
  return mmap(nullptr, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

bool can_read(const volatile char* address) {
  return toro::guarded([&] { return *address; }).has_value();
}
bool can_write(volatile char* address) {
  return toro::guarded([&] { *address = 1; }).has_value();
}

}  // namespace

TEST_CASE("an unknown call is ENOSYS") {
  CHECK(call(500) == -ENOSYS);
  CHECK(call(500) == -ENOSYS);
  CHECK(call(511) == -ENOSYS);
  CHECK(call(512) == -ENOSYS);
  CHECK(call(-1) == -ENOSYS);
  CHECK(call(SYS_fork) == -ENOSYS);
}

TEST_CASE("a descriptor that is not open is EBADF") {
  char byte = 0;
  iovec vector{&byte, 1};
  for (const int descriptor : {-1, 3, 1000}) {
    CHECK(call(SYS_read, descriptor, &byte, 1) == -EBADF);
    CHECK(call(SYS_write, descriptor, &byte, 1) == -EBADF);
    CHECK(call(SYS_readv, descriptor, &vector, 1) == -EBADF);
    CHECK(call(SYS_writev, descriptor, &vector, 1) == -EBADF);
    CHECK(call(SYS_close, descriptor) == -EBADF);
    CHECK(call(SYS_lseek, descriptor, 0, SEEK_SET) == -EBADF);
    CHECK(call(SYS_ioctl, descriptor, TIOCGWINSZ, &byte) == -EBADF);
    CHECK(call(SYS_fcntl, descriptor, F_GETFL) == -EBADF);
  }
}

TEST_CASE("the console is a terminal without position") {
  CHECK(isatty(STDOUT_FILENO) == 1);
  CHECK(call(SYS_lseek, STDOUT_FILENO, 0, SEEK_CUR) == -ESPIPE);
  CHECK(call(SYS_write, STDOUT_FILENO, nullptr, 0) == 0);
  CHECK(call(SYS_read, STDIN_FILENO, nullptr, 0) == 0);
  CHECK(call(SYS_fcntl, STDIN_FILENO, F_GETFL) == O_RDWR);
  CHECK(call(SYS_fcntl, STDIN_FILENO, F_SETFD, FD_CLOEXEC) == 0);
}

TEST_CASE("the console can be duplicated, and what cannot be done to it is refused") {
  CHECK(call(SYS_close, call(SYS_fcntl, STDIN_FILENO, F_DUPFD, 3)) == 0);
  CHECK(call(SYS_close, call(SYS_fcntl, STDIN_FILENO, F_DUPFD_CLOEXEC, 3)) == 0);
  CHECK(call(SYS_ioctl, STDIN_FILENO, 0x1234, nullptr) == -ENOTTY);
}

TEST_CASE("there is no file") {
  CHECK(open("/nowhere", O_RDONLY) == -1);
  CHECK(errno == ENOENT);
}

TEST_CASE("pages are mapped with the rights that were asked for") {
  auto* pages = static_cast<char*>(map(4 * kPageSize, PROT_READ | PROT_WRITE));
  REQUIRE(pages != MAP_FAILED);
  for (std::size_t i = 0; i < 4 * kPageSize; ++i) REQUIRE(pages[i] == 0);
  REQUIRE(mprotect(pages + kPageSize, kPageSize, PROT_READ) == 0);
  REQUIRE(mprotect(pages + 2 * kPageSize, kPageSize, PROT_NONE) == 0);
  CHECK(can_write(pages));
  CHECK(can_read(pages + kPageSize));
  CHECK_FALSE(can_write(pages + kPageSize));
  CHECK_FALSE(can_read(pages + 2 * kPageSize));
  CHECK(can_write(pages + 3 * kPageSize));
  CHECK(munmap(pages, 4 * kPageSize) == 0);
}

TEST_CASE("memory that cannot be mapped is refused") {
  CHECK(call(SYS_mmap, 0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == -EINVAL);
  CHECK(call(SYS_mmap, 0x100000, kPageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == -EINVAL);
  CHECK(call(SYS_mmap, 0, kPageSize, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == -EACCES);
  CHECK(call(SYS_mmap, 0, std::size_t{1} << 45, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == -ENOMEM);
  CHECK(call(SYS_mmap, 0, SIZE_MAX, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == -ENOMEM);
}

TEST_CASE("what is not RAM gets no rights, page 0 least of all") {
  constexpr std::uintptr_t kLocalApic = 0xfee00000;
  constexpr std::uintptr_t kBeyond = std::uintptr_t{1} << 46;
  for (const std::uintptr_t address : {std::uintptr_t{0}, kLocalApic, kBeyond, ~(kPageSize - 1)}) {
    CHECK(call(SYS_mprotect, address, kPageSize, PROT_READ | PROT_WRITE) == -ENOMEM);
    CHECK(call(SYS_munmap, address, kPageSize) == -EINVAL);
  }
  CHECK_FALSE(can_read(reinterpret_cast<const volatile char*>(8)));
  CHECK_FALSE(can_read(reinterpret_cast<const volatile char*>(kBeyond)));
  CHECK(call(SYS_mprotect, 1, kPageSize, PROT_READ) == -EINVAL);
  CHECK(call(SYS_munmap, 1, kPageSize) == -EINVAL);
  CHECK(call(SYS_munmap, 0x100000, 0) == -EINVAL);
}

TEST_CASE("advice is taken, but for what would have to empty pages") {
  void* pages = map(kPageSize, PROT_READ | PROT_WRITE);
  REQUIRE(pages != MAP_FAILED);
  CHECK(call(SYS_madvise, pages, kPageSize, MADV_WILLNEED) == 0);
  CHECK(call(SYS_madvise, pages, kPageSize, MADV_FREE) == 0);
  CHECK(call(SYS_madvise, pages, kPageSize, MADV_DONTNEED) == -EINVAL);
  CHECK(call(SYS_munmap, pages, kPageSize) == 0);
}

TEST_CASE("pages are unmapped once") {
  void* pages = map(kPageSize, PROT_READ);
  REQUIRE(pages != MAP_FAILED);
  CHECK(call(SYS_munmap, pages, kPageSize) == 0);
  CHECK(call(SYS_munmap, pages, kPageSize) == -EINVAL);
}

TEST_CASE("signals are at their defaults, and none is blocked") {
  struct sigaction action;
  std::memset(&action, 0x55, sizeof action);
  REQUIRE(sigaction(SIGINT, nullptr, &action) == 0);
  CHECK((action.sa_handler == SIG_DFL));
  CHECK(action.sa_flags == 0);
  CHECK((signal(SIGPIPE, SIG_IGN) == SIG_DFL));
  sigset_t mask;
  std::memset(&mask, 0x55, sizeof mask);
  REQUIRE(sigprocmask(SIG_BLOCK, nullptr, &mask) == 0);
  for (const int number : {SIGINT, SIGUSR1, SIGCHLD}) CHECK(sigismember(&mask, number) == 0);
  stack_t stack;
  std::memset(&stack, 0x55, sizeof stack);
  REQUIRE(sigaltstack(nullptr, &stack) == 0);
  CHECK(stack.ss_flags == SS_DISABLE);
}
