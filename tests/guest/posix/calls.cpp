// What a system call keeps of its caller, and what the small ones answer.
#include "calls.hpp"

#include <doctest/doctest.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>

TEST_CASE("a system call keeps all registers but rax, rcx and r11, and the flags") {
  std::uint64_t kept[13];
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  asm volatile(
      "pushq %%rbx\n\tpushq %%rbp\n\t"
      "pushq %[kept]\n\t"
      "movq $101, %%rbx\n\tmovq $102, %%rbp\n\tmovq $103, %%rdi\n\tmovq $104, %%rsi\n\tmovq $105, %%rdx\n\t"
      "movq $106, %%r8\n\tmovq $107, %%r9\n\tmovq $108, %%r10\n\tmovq $109, %%r12\n\tmovq $110, %%r13\n\t"
      "movq $111, %%r14\n\tmovq $112, %%r15\n\t"
      "std\n\tstc\n\t"
      "movl $39, %%eax\n\tsyscall\n\t"
      "pushfq\n\tcld\n\tpopq %%rcx\n\t"
      "popq %%rax\n\t"
      "movq %%rbx, (%%rax)\n\tmovq %%rbp, 8(%%rax)\n\tmovq %%rdi, 16(%%rax)\n\tmovq %%rsi, 24(%%rax)\n\t"
      "movq %%rdx, 32(%%rax)\n\tmovq %%r8, 40(%%rax)\n\tmovq %%r9, 48(%%rax)\n\tmovq %%r10, 56(%%rax)\n\t"
      "movq %%r12, 64(%%rax)\n\tmovq %%r13, 72(%%rax)\n\tmovq %%r14, 80(%%rax)\n\tmovq %%r15, 88(%%rax)\n\t"
      "movq %%rcx, 96(%%rax)\n\t"
      "popq %%rbp\n\tpopq %%rbx"
      :
      : [kept] "a"(kept)
      : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
  for (std::uint64_t i = 0; i < 12; ++i) CHECK(kept[i] == 101 + i);
  CHECK((kept[12] & 0x601) == 0x601);  // direction, interrupts, carry
  asm volatile("pushfq\n\tpopq %0" : "=r"(before));
  call(SYS_getpid);
  asm volatile("pushfq\n\tpopq %0" : "=r"(after));
  CHECK((before & 0x600) == (after & 0x600));
}

TEST_CASE("getrandom fills all of a buffer and nothing beyond") {
  for (const std::size_t size : {0, 1, 7, 8, 9, 255}) {
    unsigned char bytes[256 + 1];
    bool changed[256] = {};
    for (int round = 0; round < 8; ++round) {
      std::memset(bytes, 0x5a, sizeof bytes);
      REQUIRE(getrandom(bytes, size, 0) == static_cast<ssize_t>(size));
      CHECK(bytes[size] == 0x5a);
      for (std::size_t i = 0; i < size; ++i) changed[i] |= bytes[i] != 0x5a;
    }
    for (std::size_t i = 0; i < size; ++i) CHECK(changed[i]);
  }
}

TEST_CASE("there is one processor, and pages of 4 KiB") {
  CHECK(sysconf(_SC_NPROCESSORS_ONLN) == 1);
  CHECK(sysconf(_SC_NPROCESSORS_CONF) == 1);
  CHECK(sysconf(_SC_PAGESIZE) == 4096);
}

TEST_CASE("sysinfo counts RAM") {
  struct sysinfo information;
  REQUIRE(sysinfo(&information) == 0);
  CHECK(information.mem_unit == 1);
  CHECK(information.totalram >= 3 << 20);
  CHECK(information.freeram > 0);
  CHECK(information.freeram < information.totalram);
}

TEST_CASE("uname names the system") {
  utsname names;
  REQUIRE(uname(&names) == 0);
  CHECK(std::string(names.sysname) == "Toro");
  CHECK(std::string(names.machine) == "x86_64");
}

TEST_CASE("a thread's name is set and read, at most 15 characters") {
  char name[16];
  REQUIRE(prctl(PR_SET_NAME, "short") == 0);
  REQUIRE(prctl(PR_GET_NAME, name) == 0);
  CHECK(std::string(name) == "short");
  REQUIRE(prctl(PR_SET_NAME, "a name of more than fifteen") == 0);
  REQUIRE(prctl(PR_GET_NAME, name) == 0);
  CHECK(std::string(name) == "a name of more ");
  prctl(PR_SET_NAME, "main");
}
