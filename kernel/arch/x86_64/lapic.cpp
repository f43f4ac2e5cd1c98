// The local APIC of a core. [SDM 3A 11]
#include "kernel/arch/x86_64/lapic.hpp"

#include "kernel/arch/x86_64/context.hpp"
#include "kernel/arch/x86_64/cpu.hpp"

namespace toro::arch::lapic {
namespace {

enum class Register : std::uint32_t {
  id = 0x20,
  task_priority = 0x80,
  end_of_interrupt = 0xb0,
  spurious = 0xf0,
  command_low = 0x300,
  command_high = 0x310,
  timer = 0x320,
  lint0 = 0x350,
  lint1 = 0x360,
  error = 0x370,
  initial_count = 0x380,
  current_count = 0x390,
  divide = 0x3e0,
};

constexpr std::uint32_t kMasked = 1u << 16;
constexpr std::uint32_t kNmi = 4u << 8;
constexpr std::uint32_t kExternal = 7u << 8;
constexpr std::uint32_t kSoftwareEnable = 1u << 8;
constexpr std::uint32_t kDivideBy1 = 0xb;
constexpr std::uint64_t kX2Enable = 1u << 10;
constexpr std::uint64_t kGlobalEnable = 1u << 11;

// Of the interrupt command register. [SDM 3A 11.6.1]
constexpr std::uint32_t kInit = 5u << 8;
constexpr std::uint32_t kStartup = 6u << 8;
constexpr std::uint32_t kAssert = 1u << 14;
constexpr std::uint32_t kPending = 1u << 12;

constinit bool x2apic = false;  // the same on every core

Msr msr_of(Register r) {
  return static_cast<Msr>(0x800 + (static_cast<std::uint32_t>(r) >> 4));
}
volatile std::uint32_t& word_of(Register r) {
  return *reinterpret_cast<volatile std::uint32_t*>(kBase + static_cast<std::uintptr_t>(r));
}

std::uint32_t read(Register r) {
  return x2apic ? static_cast<std::uint32_t>(read_msr(msr_of(r))) : word_of(r);
}
void write(Register r, std::uint32_t value) {
  if (x2apic)
    write_msr(msr_of(r), value);
  else
    word_of(r) = value;
}

void command(std::uint32_t apic_id, std::uint32_t what) {
  if (x2apic) {
    // Not serializing, unlike the store to xAPIC's register: what the receiver is to see must be there. [SDM
    // 3A 11.12.3]
    asm volatile("mfence\n\tlfence" ::: "memory");
    write_msr(msr_of(Register::command_low), std::uint64_t{apic_id} << 32 | what);
    return;
  }
  const InterruptsOff off;
  while ((read(Register::command_low) & kPending) != 0) asm volatile("pause");
  write(Register::command_high, apic_id << 24);
  write(Register::command_low, what);
}

/// The interrupted code may be between the two halves of a command of its own.
void command_from_nmi(std::uint32_t apic_id, std::uint32_t what) {
  const std::uint32_t high = x2apic ? 0 : read(Register::command_high);
  command(apic_id, what);
  if (!x2apic) write(Register::command_high, high);
}

}  // namespace

void enable() {
  const std::uint64_t base = read_msr(Msr::apic_base) | kGlobalEnable;
  x2apic = (cpuid(1).ecx >> 21 & 1) != 0;
  write_msr(Msr::apic_base, x2apic ? base | kX2Enable : base);
  // First: until then every entry of the local vector table is masked, whatever is written there. [SDM 3A 11.4.7.2]
  write(Register::spurious, kSoftwareEnable | kSpuriousVector);
  write(Register::lint0, kMasked);
  write(Register::lint1, kNmi);
  write(Register::error, kMasked);
  write(Register::timer, kMasked);
  write(Register::divide, kDivideBy1);
  write(Register::task_priority, 0);
}

void accept_pic() {
  write(Register::lint0, kExternal);
}

std::uint32_t id() {
  return x2apic ? read(Register::id) : read(Register::id) >> 24;
}

std::uint32_t initial_id() {
  constexpr std::uint32_t kTopology = 0xb;
  if (cpuid(0).eax >= kTopology)
    if (const CpuidResult topology = cpuid(kTopology); topology.ebx != 0) return topology.edx;
  return cpuid(1).ebx >> 24;
}

void send_init(std::uint32_t apic_id) {
  command(apic_id, kAssert | kInit);
}

void send_startup(std::uint32_t apic_id, std::uintptr_t page) {
  command(apic_id, kAssert | kStartup | static_cast<std::uint32_t>(page >> 12));
}

void send(std::uint32_t apic_id, std::uint8_t vector) {
  command(apic_id, kAssert | vector);
}

void send_from_nmi(std::uint32_t apic_id, std::uint8_t vector) {
  command_from_nmi(apic_id, kAssert | vector);
}

void send_nmi(std::uint32_t apic_id) {
  command_from_nmi(apic_id, kAssert | kNmi);
}

void send_nmi_to_others() {
  for (unsigned core = 0; core < toro_core_count; ++core)
    if (!is_this_core(core) && has_started(core)) send_nmi(toro_core_entries[core].apic_id);
}

void end_of_interrupt() {
  write(Register::end_of_interrupt, 0);
}

void start_timer(std::uint32_t count) {
  write(Register::timer, kTimerVector);
  write(Register::initial_count, count);
}

void start_silent_timer(std::uint32_t count) {
  write(Register::timer, kMasked | kTimerVector);
  write(Register::initial_count, count);
}

std::uint32_t timer_count() {
  return read(Register::current_count);
}

}  // namespace toro::arch::lapic
