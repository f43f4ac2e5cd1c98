// Does what must end the machine, mostly in a panic that names it; argv[1] chooses. faults.json tells what each must
// print.
#include <sys/mman.h>
#include <sys/random.h>
#include <toro/cores.hpp>
#include <toro/entropy.hpp>
#include <toro/shutdown.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/arch/x86_64/lapic.hpp"
#include "kernel/arch/x86_64/trap.hpp"
#include "kernel/shutdown.hpp"
#include "task_state.hpp"

extern "C" const unsigned char toro_image_start[];  // toro.ld

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

[[gnu::noinline]] void spin() {
  while (hidden(true)) {
  }
}

std::atomic<bool> spins = false;

[[gnu::noinline]] void in_work_of_core_1() {
  while (!spins) asm volatile("pause");
  (void)*hidden(static_cast<volatile int*>(nullptr));
}

/// All cores fault as much at once as they can.
void fault_everywhere() {
  static std::atomic<std::uint32_t> here = 0;
  const auto fault = [] {
    ++here;
    while (here != toro::cores()) asm volatile("pause");
    asm volatile("ud2");
  };
  for (std::uint32_t core = 1; core < toro::cores(); ++core) toro::post(core, fault);
  std::this_thread::yield();
  fault();
}

/// Runs over the end of the stack on which this core takes interrupts.
void overflow_interrupt_stack() {
  toro::arch::on_end_request([](void*, toro::arch::TrapFrame&) { hidden(recurse(0)); });
  toro::arch::lapic::send(toro::arch::lapic::id(), toro::arch::lapic::kEndRequestVector);
  spin();
}

/// Runs over the end of a stack where page faults have none that they could be taken on.
void overflow_without_exception_stack() {
  const std::uintptr_t state = task_state_address();
  constexpr std::uintptr_t kExceptionStack = 2;
  constexpr std::uintptr_t kNowhere = kPageSize;
  std::memcpy(reinterpret_cast<void*>(state + kIst1 + (kExceptionStack - 1) * 8), &kNowhere, sizeof kNowhere);
  hidden(recurse(0));
}

void expect_to_be_asked() {
  toro::on_shutdown([] {
    std::printf("asked to end on core %u\n", toro::this_core());
    std::exit(3);
  });
}

void send_nmi_here() {
  toro::arch::lapic::send_nmi(toro::arch::lapic::id());
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
    {"wrong-stack-pointer",
     [] {
       asm volatile("xorl %%esp, %%esp\n\tpushq $0" ::: "memory");
     }},
    {"double-fault", overflow_without_exception_stack},
    {"overflow-interrupt-stack", overflow_interrupt_stack},
    {"overflow-interrupt-stack-of-core-1", [] { toro::run_on(1, overflow_interrupt_stack); }},
    {"overflow-on-core-1", [] { toro::run_on(1, [] { hidden(recurse(0)); }); }},
    {"fault-on-core-1",
     [] {
       toro::post(1, in_work_of_core_1);
       spins = true;
       spin();
     }},
    {"fault-on-core-0",
     [] {
       toro::post(1, [] {
         spins = true;
         spin();
       });
       while (!spins) std::this_thread::yield();
       (void)*hidden(static_cast<volatile int*>(nullptr));
     }},
    {"fault-on-two-cores", fault_everywhere},
    {"fault-on-eight-cores", fault_everywhere},
    {"fault-within-panic",
     [] {
       toro::before_shutdown = [](std::uint8_t) { asm volatile("ud2"); };
       std::abort();
     }},
    {"nmi",
     [] {
       send_nmi_here();
       spin();
     }},
    {"shutdown-by-nmi",
     [] {
       expect_to_be_asked();
       send_nmi_here();
       for (;;) std::this_thread::yield();
     }},
    {"shutdown-by-nmi-on-core-1",
     [] {
       expect_to_be_asked();
       toro::post(1, send_nmi_here);
       for (;;) std::this_thread::yield();
     }},
    {"shutdown-while-all-wait",
     [] {
       expect_to_be_asked();
       std::thread([] {
         std::this_thread::sleep_for(std::chrono::milliseconds(10));
         send_nmi_here();
       }).detach();
       pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
       pthread_mutex_lock(&mutex);
       pthread_mutex_lock(&mutex);
     }},
    {"unmapped-mmio", [] { write(reinterpret_cast<void*>(std::uintptr_t{1} << 40)); }},
    {"wait-for-nobody",
     [] {
       pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
       pthread_mutex_lock(&mutex);
       pthread_mutex_lock(&mutex);
     }},
    {"print-entropy",
     [] {
       constexpr const char* kNames[] = {"rdseed", "rdrand", "jitter", "none", "device"};
       std::uint64_t word = 0;
       const bool given = getrandom(&word, sizeof word, 0) == sizeof word;
       std::printf("entropy from %s, %s %016lx\n", kNames[static_cast<unsigned>(toro::entropy_source())],
                   given ? "given" : "refused", word);
       std::exit(0);
     }},
    {"print-places",
     [] {
       const int on_stack = 0;
       std::printf("image %p heap %p stack %p\n", static_cast<const void*>(toro_image_start), std::malloc(1),
                   static_cast<const void*>(&on_stack));
       std::exit(0);
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
