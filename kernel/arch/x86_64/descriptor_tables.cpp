// Segments, the task state with its interrupt stacks, and the interrupt gates of a core. [SDM 3A 3.5, 6.14, 8.7]
#include "kernel/arch/x86_64/descriptor_tables.hpp"

#include <cstddef>
#include <iterator>

#include "kernel/arch/x86_64/paging.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/arch/x86_64/trap.hpp"

extern "C" const unsigned char toro_trap_stubs[];

namespace toro::arch {
namespace {

struct [[gnu::packed]] TaskState {
  std::uint32_t reserved0;
  std::uint64_t rsp[3];
  std::uint64_t reserved1;
  std::uint64_t ist[7];  ///< ist[0] is IST1
  std::uint64_t reserved2;
  std::uint16_t reserved3;
  std::uint16_t io_map_base;
};
static_assert(sizeof(TaskState) == 104 && offsetof(TaskState, ist) == 36);

struct Gate {
  std::uint16_t offset_low;
  std::uint16_t selector;
  std::uint8_t ist;
  std::uint8_t type;
  std::uint16_t offset_middle;
  std::uint32_t offset_high;
  std::uint32_t reserved;
};
static_assert(sizeof(Gate) == 16);

/// What LGDT and LIDT read begins at `limit`; `base` is aligned, as all addresses in the image are that can move.
struct TablePointer {
  std::uint16_t unused[3];
  std::uint16_t limit;
  const void* base;
};
static_assert(offsetof(TablePointer, limit) == 6 && offsetof(TablePointer, base) == 8);

constexpr std::uint8_t kInterruptGate = 0x8e;  // present, ring 0, interrupts off on entry
constexpr std::size_t kStubSize = 9;           // trap_entry.S

enum Ist : std::uint8_t { kInterruptStack = 1, kExceptionStack = 2, kNmiStack = 3, kDoubleFaultStack = 4 };

/// A stack with the page below it, which guard_trap_stacks() takes away: what runs over the end of the stack faults.
struct alignas(16) Stack {
  unsigned char guard[paging::kPageSize];
  unsigned char bytes[8192];
  [[nodiscard]] std::uint64_t low() const { return reinterpret_cast<std::uint64_t>(bytes); }
  [[nodiscard]] std::uint64_t top() const { return low() + sizeof bytes; }
};

enum StackUse : std::uint8_t { interrupts, exceptions, nmis, double_faults, nested_exceptions, nested_nmis };

constexpr char kStackNames[][18] = {"interrupts",    "exceptions",        "NMIs",
                                    "double faults", "nested exceptions", "nested NMIs"};

using Stacks = Stack[std::size(kStackNames)];
// At a page, by toro.ld: as the type's alignment it would be the segment's too, and fill the file.
[[gnu::section(".bss.toro_per_core_pages")]] constinit PerCore<Stacks> stacks{};

struct Tables {
  TaskState task_state;
  std::uint64_t segments[5];
};
TORO_PER_CORE(Tables, tables);

constinit Gate gates[kVectors]{};

std::uint8_t stack_of(unsigned vector) {
  if (vector >= kFirstInterruptVector) return kInterruptStack;
  if (vector == static_cast<unsigned>(Exception::nmi)) return kNmiStack;
  if (vector == static_cast<unsigned>(Exception::double_fault)) return kDoubleFaultStack;
  return kExceptionStack;
}

}  // namespace

void make_gates() {
  for (unsigned vector = 0; vector < kVectors; ++vector) {
    const auto stub = reinterpret_cast<std::uint64_t>(toro_trap_stubs) + vector * kStubSize;
    gates[vector] = {static_cast<std::uint16_t>(stub),
                     kCodeSelector,
                     stack_of(vector),
                     kInterruptGate,
                     static_cast<std::uint16_t>(stub >> 16),
                     static_cast<std::uint32_t>(stub >> 32),
                     0};
  }
}

void load_descriptor_tables() {
  Tables& t = *tables;
  t.task_state.ist[kInterruptStack - 1] = (*stacks)[interrupts].top();
  t.task_state.ist[kExceptionStack - 1] = (*stacks)[exceptions].top();
  t.task_state.ist[kNmiStack - 1] = (*stacks)[nmis].top();
  t.task_state.ist[kDoubleFaultStack - 1] = (*stacks)[double_faults].top();
  t.task_state.io_map_base = sizeof t.task_state;

  const auto base = reinterpret_cast<std::uint64_t>(&t.task_state);
  t.segments[kCodeSelector / 8] = 0x00af9b000000ffff;
  t.segments[kDataSelector / 8] = 0x00cf93000000ffff;
  t.segments[kTaskSelector / 8] =
      (sizeof t.task_state - 1) | (base & 0xffffff) << 16 | std::uint64_t{0x89} << 40 | (base >> 24 & 0xff) << 56;
  t.segments[kTaskSelector / 8 + 1] = base >> 32;

  const TablePointer gdt{{}, sizeof t.segments - 1, t.segments};
  const TablePointer idt{{}, sizeof gates - 1, gates};
  // The tables themselves are read, and the task's descriptor is marked busy.
  asm volatile("lgdt 6+%0" ::"m"(gdt) : "memory");
  asm volatile("ltr %0" ::"r"(kTaskSelector) : "memory");
  asm volatile("lidt 6+%0" ::"m"(idt) : "memory");
}

bool guard_trap_stacks(unsigned core) {
  for (const Stack& stack : stacks.on(core))
    if (!paging::set_access(stack.low() - paging::kPageSize, stack.low(), paging::Access::none)) return false;
  return true;
}

std::string_view trap_stack_below(std::uintptr_t address) {
  std::size_t use = 0;
  for (const Stack& stack : *stacks) {
    if (stack.low() - paging::kPageSize <= address && address < stack.low()) return kStackNames[use];
    ++use;
  }
  return {};
}

// The debugger's stub uses these before it has taken its breakpoints out of memory.
[[gnu::section(".text.trap")]] bool on_exception_stack(std::uintptr_t address) {
  const Stack& stack = (*stacks)[exceptions];
  return address >= stack.low() && address < stack.top();
}

[[gnu::section(".text.trap")]] AlternateTrapStacks::AlternateTrapStacks() {
  TaskState& task_state = tables->task_state;
  task_state.ist[kExceptionStack - 1] = (*stacks)[nested_exceptions].top();
  task_state.ist[kNmiStack - 1] = (*stacks)[nested_nmis].top();
}

[[gnu::section(".text.trap")]] AlternateTrapStacks::~AlternateTrapStacks() {
  TaskState& task_state = tables->task_state;
  task_state.ist[kExceptionStack - 1] = (*stacks)[exceptions].top();
  task_state.ist[kNmiStack - 1] = (*stacks)[nmis].top();
}

}  // namespace toro::arch
