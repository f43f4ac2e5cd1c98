// What the debugger's system tests boot: the first argument says what to do. Tests find lines by their `// line:`.
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "toro/fault.hpp"

// Names of C, which both debuggers take without ado.
extern "C" {

// A debugger sets it: whatever loops comes to its end.
volatile int released = 0;
volatile std::uint64_t beats = 0;

// Pages of their own: QEMU 7.2 takes an unaligned store for one that begins with its page. [accel/tcg/cputlb.c,
// store_helper_unaligned]
alignas(4096) volatile std::uint8_t watched_1 = 0;
alignas(8) volatile std::uint16_t watched_2 = 0;
alignas(8) volatile std::uint32_t watched_4 = 0;
alignas(8) volatile std::uint64_t watched_8 = 0;
struct [[gnu::packed]] Odd {
  std::uint8_t before;
  std::uint32_t value;
};
alignas(4096) volatile Odd odd = {};

const char constant[] = "constant";

[[gnu::noinline]] void beat(std::uint64_t number) {
  beats = number;
}

[[gnu::noinline]] void spin() {
  while (released == 0) beats = beats + 1;
}

// A debugger sets it while boot waits for it.
volatile int spins_before_main = 0;

[[gnu::constructor, gnu::noinline]] void spin_before_main() {
  while (spins_before_main != 0) beats = beats + 1;
}

[[gnu::noinline]] void spin_after_main() {
  spin();
}

[[gnu::noinline]] void sleep_on() {
  while (released == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void say(const char* text) {
  std::puts(text);
  std::fflush(stdout);
}

[[gnu::noinline]] void spin_without_interrupts() {
  asm volatile("cli");
  say("interrupts are off");
  asm volatile("1: cmpl $0, released(%rip)\n\tje 1b");  // line: one line without end
  asm volatile("sti");
}

[[gnu::noinline]] void halt_without_interrupts() {
  asm volatile("cli");
  say("interrupts are off");
  while (released == 0) asm volatile("hlt");
  asm volatile("sti");
}

[[gnu::noinline]] int inner(int number) {
  int doubled = number * 2;
  return doubled + 1;
}

[[gnu::noinline]] int outer(int number) {
  int first = inner(number);  // line: first call
  int second = inner(first);  // line: second call
  return first + second;      // line: return of outer
}

[[gnu::noinline]] unsigned factorial(unsigned number) {
  if (number < 2) return 1;  // line: bottom
  return number * factorial(number - 1);
}

// lines.cpp
int count_to(int limit);
int calculate(int a);

[[gnu::noinline]] double scaled(double number) {
  return number * 1.5 + 2;
}

[[gnu::noinline]] std::uint64_t pushed_flags() {
  std::uint64_t flags;
  asm volatile("at_pushf: pushfq\n\tat_pop: popq %0\n\tafter_pushf: nop" : "=r"(flags));
  return flags;
}

[[gnu::noinline]] void halt_once() {
  asm volatile("before_hlt: nop\n\tat_hlt: hlt\n\tafter_hlt: nop");
}

[[gnu::noinline]] void interrupts_off_and_on() {
  asm volatile("at_cli: cli\n\tat_nop: nop\n\tat_sti: sti\n\tafter_sti: nop\n\tafter_shadow: nop");
}

[[gnu::noinline]] long system_call() {
  long result = 39;  // getpid
  asm volatile("at_syscall: syscall\n\tafter_syscall: nop" : "+a"(result) : : "rcx", "r11", "memory");
  return result;
}

[[gnu::noinline]] void trap_of_its_own() {
  asm volatile("at_int3: int3\n\tafter_int3: nop");
}

[[gnu::noinline]] void copy_eight(char* to, const char* from) {
  long count = 8;
  asm volatile("at_rep: rep movsb\n\tafter_rep: nop" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

[[gnu::noinline]] int read_from(const volatile int* where) {
  return *where;
}
[[gnu::noinline]] void write_to(volatile int* where) {
  *where = 1;
}
[[gnu::noinline]] int divide_by(int divisor) {
  return 7 / divisor;
}
[[gnu::noinline]] void invalid_opcode() {
  asm volatile("ud2");
}

[[gnu::noinline]] void write_1() {
  watched_1 = watched_1 + 1;
}
[[gnu::noinline]] void write_2() {
  watched_2 = watched_2 + 1;
}
[[gnu::noinline]] void write_4() {
  watched_4 = watched_4 + 1;
}
[[gnu::noinline]] void write_8() {
  watched_8 = watched_8 + 1;
}
[[gnu::noinline]] void write_odd() {
  odd.value = odd.value + 1;
}
[[gnu::noinline]] std::uint64_t read_8() {
  return watched_8;
}

[[gnu::noinline]] void stage(const char* name) {
  asm volatile("" : : "r"(name) : "memory");
}
[[gnu::noinline]] void all_are_waiting() {
  asm volatile("" ::: "memory");
}

}  // extern "C"

// interrupts.cpp
void run_interrupts(std::string_view what);
// cores.cpp
int run_on_cores(std::string_view what, const char* argument);

namespace {

struct Point {
  int x;
  int y;
};

int walk() {
  int sum = 0;
  for (int i = 0; i < 10; ++i) sum += outer(i);
  sum += static_cast<int>(factorial(5));
  sum += count_to(100);
  sum += calculate(5);
  return sum;  // line: end of walk
}

int take_steps() {
  char from[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  char to[8] = {};
  pushed_flags();
  interrupts_off_and_on();
  copy_eight(to, from);
  system_call();
  scaled(2);
  trap_of_its_own();
  return 0;
}

int touch() {
  for (int round = 0; round < 3; ++round) {
    write_1();
    write_2();
    write_4();
    write_8();
    write_odd();
    read_8();
  }
  return 0;
}

/// Beats and tells so on the console, so that both its going on and its standing still can be seen.
int beat_on() {
  for (std::uint64_t number = 1; released == 0; ++number) {
    beat(number);
    std::printf("beat %llu\n", static_cast<unsigned long long>(number));
    std::fflush(stdout);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return 0;
}

int echo() {
  char line[128];
  while (std::fgets(line, sizeof line, stdin) != nullptr) {
    std::printf("[%s", line);
    std::fflush(stdout);
    if (std::string_view(line) == "end\n") return 0;
  }
  return 1;
}

int run_threads(int count) {
  std::mutex mutex;
  std::condition_variable changed;
  int arrived = 0;
  bool go = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      char name[16];
      std::snprintf(name, sizeof name, "worker-%d", i);
      pthread_setname_np(pthread_self(), name);
      std::unique_lock lock(mutex);
      ++arrived;
      changed.notify_all();
      changed.wait(lock, [&] { return go; });
      lock.unlock();
      outer(i);
    });
  }
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return arrived == count; });
  }
  all_are_waiting();
  {
    std::lock_guard lock(mutex);
    go = true;
  }
  changed.notify_all();
  for (auto& thread : threads) thread.join();
  return 0;
}

int fault(std::string_view kind) {
  if (kind == "read") return read_from(nullptr);
  if (kind == "write-text") write_to(reinterpret_cast<volatile int*>(reinterpret_cast<std::uintptr_t>(&spin)));
  if (kind == "non-canonical") return read_from(reinterpret_cast<const volatile int*>(0x8000'0000'0000'0000));
  if (kind == "divide") return divide_by(0);
  if (kind == "opcode") invalid_opcode();
  if (kind == "abort") std::abort();
  return 1;
}

int open_files() {
  const int file = open("/tmp/some", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  const int directory = open("/tmp", O_RDONLY | O_DIRECTORY);
  const bool done = write(file, "twelve bytes", 12) == 12 && dup(file) >= 0 && directory >= 0;
  stage("open");
  return done ? 0 : 1;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}
sockaddr_vm vsock_address(unsigned cid, unsigned port) {
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_cid = cid;
  address.svm_port = port;
  return address;
}
enum class Does { connect, bind };
template <class Address>
int socket_that(Does what, int type, const Address& address) {
  const auto* const to = reinterpret_cast<const sockaddr*>(&address);
  const int made = socket(to->sa_family, type, 0);
  const int done = what == Does::bind ? bind(made, to, sizeof address) : connect(made, to, sizeof address);
  return done == 0 ? made : -1;
}

/// One of each kind and state; the host is to answer at port 7 of vsock.
int open_sockets(std::string_view fault_kind) {
  const int listener = socket_that(Does::bind, SOCK_STREAM, loopback(7000));
  listen(listener, 5);
  const int client = socket_that(Does::connect, SOCK_STREAM, loopback(7000));
  const int server = accept(listener, nullptr, nullptr);
  const int waiting = socket_that(Does::connect, SOCK_STREAM, loopback(7000));
  bool done = write(client, "twelve bytes", 12) == 12 && dup(server) > server && waiting >= 0;
  int datagrams[3];
  for (int i = 0; i < 3; ++i)
    datagrams[i] = socket_that(Does::bind, SOCK_DGRAM, loopback(static_cast<std::uint16_t>(7001 + i)));
  const int sender = socket_that(Does::connect, SOCK_DGRAM, loopback(7003));
  done = done && write(sender, "six by", 6) == 6;
  const int vsock = socket_that(Does::bind, SOCK_STREAM, vsock_address(VMADDR_CID_ANY, 7004));
  listen(vsock, 3);
  done = done && socket_that(Does::connect, SOCK_STREAM, vsock_address(VMADDR_CID_HOST, 7)) > vsock;
  stage("open");
  if (!fault_kind.empty()) return fault(fault_kind);
  shutdown(client, SHUT_WR);
  stage("half closed");
  close(datagrams[1]);
  stage("one less");
  return done ? 0 : 1;
}

/// Connections come and go for ever beside one that stays.
int churn_sockets() {
  const int listener = socket_that(Does::bind, SOCK_STREAM, loopback(7000));
  listen(listener, 16);
  const int client = socket_that(Does::connect, SOCK_STREAM, loopback(7000));
  const int server = accept(listener, nullptr, nullptr);
  stage("open");
  for (std::uint64_t count = 0; released == 0 && client >= 0 && server >= 0; ++count) {
    const int datagrams = socket_that(Does::bind, SOCK_DGRAM, loopback(7001));
    const int one = socket_that(Does::connect, SOCK_STREAM, loopback(7000));
    const int other = accept(listener, nullptr, nullptr);
    if (datagrams < 0 || one < 0 || other < 0) return 1;
    // Reset, so that no TIME-WAIT stays.
    constexpr linger kAtOnce{.l_onoff = 1, .l_linger = 0};
    setsockopt(one, SOL_SOCKET, SO_LINGER, &kAtOnce, sizeof kAtOnce);
    for (const int open : {one, other, datagrams}) close(open);
    beat(count);
  }
  return 0;
}

int guarded_faults() {
  int expected = 0;
  for (int i = 0; i < 3; ++i) {
    const auto result = toro::guarded([] { read_from(nullptr); });
    if (!result) ++expected;
  }
  std::printf("expected faults: %d\n", expected);
  return expected == 3 ? 0 : 1;
}

[[gnu::noinline]] int inspect(const std::vector<int>& numbers, const std::string& text,
                              const std::map<std::string, int>& ages, Point point) {
  return static_cast<int>(numbers.size() + text.size() + ages.size()) + point.x + point.y;  // line: inspect
}

int hold_values() {
  const std::vector<int> numbers{11, 22, 33};
  const std::string text = "some text";
  const std::map<std::string, int> ages{{"ada", 36}, {"alan", 41}};
  return inspect(numbers, text, ages, {3, 4}) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  std::printf("debuggee: %s\n", what.data());
  std::fflush(stdout);
  int status = 0;
  if (what == "exit") status = std::atoi(argv[2]);
  if (what == "spin") spin();
  if (what == "sleep") sleep_on();
  if (what == "idle") status = echo();
  if (what == "cli-spin") spin_without_interrupts();
  if (what == "cli-hlt") halt_without_interrupts();
  if (what == "beat") status = beat_on();
  if (what == "walk") walk();
  if (what == "steps") status = take_steps();
  if (what == "halt") halt_once();
  if (what == "touch") status = touch();
  if (what == "threads") status = run_threads(std::atoi(argv[2]));
  if (what == "fault") status = fault(argv[2]);
  if (what == "files") status = open_files();
  if (what == "sockets") status = open_sockets(argc > 2 ? argv[2] : "");
  if (what == "churn") status = churn_sockets();
  if (what == "guarded") status = guarded_faults();
  if (what == "values") status = hold_values();
  if (what == "handler" || what == "storm") run_interrupts(what);
  if (what == "after-main") std::atexit(spin_after_main);
  if (what.starts_with("cores-")) status = run_on_cores(what, argc > 2 ? argv[2] : "");
  if (what == "cores-fault") status = fault(argv[2]);
  stage(constant);
  say("debuggee: end");
  return status;
}
