// Starts the application: the C library's entry on main's thread, with arguments as Linux gives them.
#include "kernel/posix/start.hpp"

#include <cstring>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/descriptor_tables.hpp"
#include "kernel/arch/x86_64/random.hpp"
#include "kernel/boot/boot_information.hpp"
#include "kernel/boot/stages.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/memory/memory.hpp"
#include "kernel/panic.hpp"
#include "kernel/posix/syscall.hpp"
#include "kernel/process/scheduler.hpp"

extern "C" void _start();                             // crt1.o
extern "C" const unsigned char toro_syscall_entry[];  // syscall_entry.S
extern "C" void toro_application_entry();             // syscall_entry.S
extern "C" const unsigned char toro_image_start[];    // toro.ld: the ELF header

namespace toro::posix {

constinit void (*first_of_main)() = toro_application_entry;

namespace {

constexpr std::size_t kMainStackPages = 64;

/// Auxiliary vector entries. [Linux include/uapi/linux/auxvec.h]
enum class Auxiliary : std::uint64_t {
  end = 0,
  program_headers = 3,
  program_header_size = 4,
  program_header_count = 5,
  page_size = 6,
  secure = 23,
  random = 25,
};

struct ElfHeader {
  unsigned char ident[16];
  std::uint16_t type, machine;
  std::uint32_t version;
  std::uint64_t entry, program_headers, section_headers;
  std::uint32_t flags;
  std::uint16_t header_size, program_header_size, program_header_count;
};
struct ProgramHeader {
  std::uint32_t type, flags;
  std::uint64_t offset, address, physical_address, file_size, memory_size, alignment;
};
static_assert(sizeof(ProgramHeader) == 56 && offsetof(ElfHeader, program_headers) == 32 &&
              offsetof(ElfHeader, program_header_count) == 56);

void enable_system_calls() {
  using enum arch::Msr;
  constexpr std::uint64_t kClearedFlags = 0x700;  // TF, IF, DF
  arch::write_msr(star, std::uint64_t{arch::kCodeSelector} << 32);
  arch::write_msr(lstar, reinterpret_cast<std::uint64_t>(toro_syscall_entry));
  arch::write_msr(fmask, kClearedFlags);
}

/// Writes argc, argv, environment and auxiliary vector below `top`; returns where they begin. [System V ABI 3.4.1]
std::uint64_t* write_start_block(std::uintptr_t top, CommandLine& line) {
  auto* random = reinterpret_cast<std::uint64_t*>(top) - 2;
  random[0] = arch::random_word();
  random[1] = arch::random_word();

  const auto* header = reinterpret_cast<const ElfHeader*>(toro_image_start);
  const auto* headers = reinterpret_cast<const ProgramHeader*>(toro_image_start + header->program_headers);
  // The C library makes nonsense of the header for thread_local variables, which is the last, where there are none.
  const unsigned count = header->program_header_count - (headers[header->program_header_count - 1].memory_size == 0);
  const struct {
    Auxiliary key;
    std::uint64_t value;
  } auxiliary[] = {
      {Auxiliary::program_headers, reinterpret_cast<std::uint64_t>(headers)},
      {Auxiliary::program_header_size, header->program_header_size},
      {Auxiliary::program_header_count, count},
      {Auxiliary::page_size, memory::kPageSize},
      {Auxiliary::secure, 0},
      {Auxiliary::random, reinterpret_cast<std::uint64_t>(random)},
      {Auxiliary::end, 0},
  };
  const auto argc = static_cast<std::size_t>(line.argc());
  const std::size_t words = 1 + argc + 1 + 1 + 2 * std::size(auxiliary);
  auto* block =
      reinterpret_cast<std::uint64_t*>(reinterpret_cast<std::uintptr_t>(random - words) & ~std::uintptr_t{15});
  std::uint64_t* p = block;
  *p++ = argc;
  for (std::size_t i = 0; i < argc; ++i) *p++ = reinterpret_cast<std::uint64_t>(line.argv()[i]);
  *p++ = 0;
  *p++ = 0;  // no environment
  for (const auto& entry : auxiliary) {
    *p++ = static_cast<std::uint64_t>(entry.key);
    *p++ = entry.value;
  }
  return block;
}

void start_application() {
  const std::uintptr_t low = memory::allocate_stack(kMainStackPages);
  if (low == 0) panic("memory is out: no {} KiB for main's stack", kMainStackPages * memory::kPageSize / 1024);
  const std::uintptr_t high = low + kMainStackPages * memory::kPageSize;
  auto* frame = reinterpret_cast<arch::SwitchFrame*>(write_start_block(high, boot::command_line())) - 1;
  *frame = {.rbx = reinterpret_cast<std::uint64_t>(&_start), .rip = reinterpret_cast<std::uint64_t>(first_of_main)};
  process::Thread* thread = process::scheduler().create_thread("main", frame, 0);
  if (thread == nullptr) panic("memory is out: no room for main's thread");
  thread->stack_low = low;
  thread->stack_high = high;
  process::scheduler().start_thread(*thread);
}

}  // namespace
}  // namespace toro::posix

namespace toro::boot {

// NOLINTNEXTLINE(readability-redundant-declaration): weak here
[[gnu::weak]] extern Stage cores_stage;  // of an image that uses several cores

TORO_CORE_STAGE(system_calls_stage, "system calls", nullptr, posix::enable_system_calls, &traps_stage);
TORO_BOOT_STAGE(application_stage, "application", posix::start_application, &system_calls_stage, &cores_stage,
                &devices_stage);

}  // namespace toro::boot
