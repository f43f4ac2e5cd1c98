// Does what must end the machine in a panic that names it; argv[1] chooses. faults.json tells what each must print.
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "kernel/arch/x86_64/cpu.hpp"

namespace {

constexpr std::uintptr_t kPageSize = 4096;
constexpr unsigned char kReturn = 0xc3;

/// Hides a value from the compiler, which may assume that what follows cannot happen.
template <class T>
T hidden(T value) {
  asm volatile("" : "+r"(value)::"memory");
  return value;
}

void write(volatile void* to) {
  *static_cast<volatile unsigned char*>(hidden(to)) = 1;
}
void call(const void* code) {
  reinterpret_cast<void (*)()>(hidden(reinterpret_cast<std::uintptr_t>(code)))();
}

unsigned char code_in_data[16] = {kReturn};
const char constant[] = "constant";

struct Base {
  virtual ~Base() = default;
};

[[gnu::noinline]] int recurse(int depth) {
  volatile char frame[512];
  frame[0] = static_cast<char>(depth);
  if (hidden(depth) < 0) return 0;
  return recurse(depth + 1) + frame[0];
}

/// Writes past an array on its stack, up to its return address.
[[gnu::noinline]] void smash() {
  char buffer[16];
  char* end = hidden(buffer + sizeof buffer);
  std::memset(end, 0x41, 32);
}

void free_twice() {
  void* block = std::malloc(100);
  void* same = hidden(block);
  std::free(block);
  std::free(same);
}

void overrun() {
  auto* block = static_cast<char*>(std::malloc(64));
  void* next = hidden(std::malloc(64));
  std::memset(hidden(block), 0x41, 256);
  std::free(next);
  std::free(block);
}

void write_after_free() {
  void* blocks[4];
  for (void*& block : blocks) block = std::malloc(64);
  std::free(blocks[0]);
  std::free(blocks[2]);
  std::memset(hidden(blocks[0]), 0x41, 16);
  std::memset(hidden(blocks[2]), 0x41, 16);
  for (int i = 0; i < 100; ++i) hidden(std::malloc(64));
}

struct Act {
  std::string_view name;
  void (*run)();
};

constexpr Act kActs[] = {
    {"read-null", [] { (void)*hidden(static_cast<volatile int*>(nullptr)); }},
    {"write-null", [] { write(nullptr); }},
    {"execute-null", [] { call(nullptr); }},
    {"read-page-0", [] { (void)*hidden(reinterpret_cast<volatile char*>(kPageSize - 1)); }},
    {"write-text", [] { write(reinterpret_cast<void*>(&std::printf)); }},
    {"write-constant", [] { write(const_cast<char*>(constant)); }},
    {"write-vtable",
     [] {
       Base base;
       write(*hidden(reinterpret_cast<void**>(&base)));
     }},
    {"execute-data", [] { call(code_in_data); }},
    {"execute-heap",
     [] {
       auto* code = static_cast<unsigned char*>(std::malloc(16));
       *code = kReturn;
       call(code);
     }},
    {"execute-stack",
     [] {
       volatile unsigned char code[16] = {kReturn};
       call(const_cast<unsigned char*>(code));
     }},
    {"execute-constant", [] { call(constant); }},
    {"overflow-stack", [] { hidden(recurse(0)); }},
    {"overflow-thread-stack", [] { std::thread([] { hidden(recurse(0)); }).join(); }},
    {"smash-stack", smash},
    {"free-twice", free_twice},
    {"free-foreign", [] { std::free(hidden(static_cast<void*>(code_in_data))); }},
    {"free-inside", [] { std::free(hidden(static_cast<char*>(std::malloc(100))) + 32); }},
    {"overrun-block", overrun},
    {"write-after-free", write_after_free},
    {"divide-by-zero", [] { asm volatile("idivl %2"
                                         :
                                         : "a"(1), "d"(0), "r"(0)); }},
    {"invalid-opcode", [] { asm volatile("ud2"); }},
    {"non-canonical", [] { write(reinterpret_cast<void*>(std::uintptr_t{1} << 63)); }},
    {"vector-index",
     [] {
       std::vector<int> numbers(3);
       hidden(numbers[hidden(std::size_t{3})]);
     }},
    {"abort", [] { std::abort(); }},
    {"uncaught", [] { throw std::runtime_error("nobody catches this"); }},
    {"double-fault",
     [] {
       asm volatile("xorl %%esp, %%esp\n\tpushq $0" ::: "memory");
     }},
    {"unmapped-mmio", [] { write(reinterpret_cast<void*>(std::uintptr_t{1} << 40)); }},
    {"wait-for-nobody",
     [] {
       pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
       pthread_mutex_lock(&mutex);
       pthread_mutex_lock(&mutex);
     }},
    {"print-canary",
     [] {
       std::uint64_t canary;
       asm volatile("movq %%fs:0x28, %0" : "=r"(canary));
       std::printf("canary %016lx\n", canary);
       std::exit(0);
     }},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2)
    for (const Act& act : kActs)
      if (act.name == argv[1]) {
        act.run();
        std::printf("%s went through\n", argv[1]);
        return 1;
      }
  std::puts("an act was expected:");
  for (const Act& act : kActs) std::printf("  %s\n", act.name.data());
  return 2;
}
