// Segments, the task state with its interrupt stacks, and the interrupt gates of a core. [SDM 3A 3.5, 6.14, 8.7]
#include "kernel/arch/x86_64/descriptor_tables.hpp"

#include <cstddef>

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

struct [[gnu::packed]] TablePointer {
  std::uint16_t limit;
  const void* base;
};

constexpr std::uint8_t kInterruptGate = 0x8e;  // present, ring 0, interrupts off on entry
constexpr std::size_t kStubSize = 16;

enum Ist : std::uint8_t { kInterruptStack = 1, kExceptionStack = 2, kNmiStack = 3, kDoubleFaultStack = 4 };

template <std::size_t kSize>
struct alignas(16) Stack {
  unsigned char bytes[kSize];
  std::uint64_t top() const { return reinterpret_cast<std::uint64_t>(bytes + kSize); }
};

Stack<8192> interrupt_stack;
Stack<8192> exception_stack;
Stack<8192> nmi_stack;
Stack<4096> double_fault_stack;
Stack<4096> alternate_exception_stack;
Stack<4096> alternate_nmi_stack;

constinit TaskState task_state{};
constinit Gate gates[kVectors]{};
constinit std::uint64_t segments[5]{0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0, 0};

std::uint8_t stack_of(unsigned vector) {
  if (vector >= kFirstInterruptVector) return kInterruptStack;
  if (vector == static_cast<unsigned>(Exception::nmi)) return kNmiStack;
  if (vector == static_cast<unsigned>(Exception::double_fault)) return kDoubleFaultStack;
  return kExceptionStack;
}

}  // namespace

void load_descriptor_tables() {
  task_state.ist[kInterruptStack - 1] = interrupt_stack.top();
  task_state.ist[kExceptionStack - 1] = exception_stack.top();
  task_state.ist[kNmiStack - 1] = nmi_stack.top();
  task_state.ist[kDoubleFaultStack - 1] = double_fault_stack.top();
  task_state.io_map_base = sizeof task_state;

  const auto base = reinterpret_cast<std::uint64_t>(&task_state);
  segments[3] =
      (sizeof task_state - 1) | (base & 0xffffff) << 16 | std::uint64_t{0x89} << 40 | (base >> 24 & 0xff) << 56;
  segments[4] = base >> 32;

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

  const TablePointer gdt{sizeof segments - 1, segments};
  const TablePointer idt{sizeof gates - 1, gates};
  asm volatile("lgdt %0" ::"m"(gdt));
  asm volatile("ltr %0" ::"r"(kTaskSelector));
  asm volatile("lidt %0" ::"m"(idt));
}

AlternateTrapStacks::AlternateTrapStacks() {
  task_state.ist[kExceptionStack - 1] = alternate_exception_stack.top();
  task_state.ist[kNmiStack - 1] = alternate_nmi_stack.top();
}

AlternateTrapStacks::~AlternateTrapStacks() {
  task_state.ist[kExceptionStack - 1] = exception_stack.top();
  task_state.ist[kNmiStack - 1] = nmi_stack.top();
}

}  // namespace toro::arch
