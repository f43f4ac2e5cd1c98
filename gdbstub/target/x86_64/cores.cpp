#include "gdbstub/target/x86_64/cores.hpp"

#include "gdbstub/target/x86_64/rest.hpp"
#include "kernel/arch/x86_64/context.hpp"
#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/lapic.hpp"

namespace toro::gdbstub::x86_64 {

namespace {

/// Where a core is. In `entering` and `leaving` it cannot be called, and will soon be elsewhere.
enum class Stage : std::uint8_t { away, entering, standing, leaving };

struct Seat {
  std::atomic<Stage> stage;
  std::atomic<bool> settled;
  std::atomic<bool> called;  ///< an NMI is on its way
  bool silent;               ///< the last one was not answered
  std::uint64_t dr6;
  Rest rest;
  CoreRegisters registers;
};
TORO_PER_CORE(Seat, seats);

/// Ticks of the TSC that a core has to answer: seconds, for hosts that let a virtual processor wait.
constexpr std::uint64_t kPatience = 10'000'000'000;

std::uint64_t bit(unsigned core) {
  return std::uint64_t{1} << core;
}

void pause() {
  asm volatile("pause");
}

}  // namespace

Cores::Presence::Presence() {
  seats->stage = Stage::entering;
}
Cores::Presence::~Presence() {
  seats->stage = Stage::away;
}

bool Cores::present() const {
  return seats->stage != Stage::away || acting_ == arch::this_core() + 1;
}

bool Cores::is_up(unsigned core) {
  if (core == 0) return true;
  return arch::toro_core_entries[core].distance != 0 && arch::contexts.on(core).running != nullptr;
}

CoreRegisters* Cores::standing(unsigned core) {
  if (!is_up(core)) return nullptr;
  Seat& seat = seats.on(core);
  return seat.stage == Stage::standing ? &seat.registers : nullptr;
}

bool Cores::is_held() const {
  return (held_ & bit(arch::this_core())) != 0;
}

bool Cores::take() {
  if (is_held()) return false;
  std::uint32_t nobody = 0;
  if (!acting_.compare_exchange_strong(nobody, arch::this_core() + 1)) return false;
  if (!is_held() && !seats->settled) return true;
  acting_ = 0;  // a standstill came and went since the first look
  return false;
}

bool Cores::enter(arch::TrapFrame& frame, std::uint64_t dr6) {
  Seat& seat = *seats;
  seat.settled = false;
  seat.dr6 = dr6;
  seat.registers.begin(frame);
  bool acts = take();
  if (!acts) {
    stand();
    while (!acts && (is_held() || !seat.settled)) {
      rest();
      acts = take();
    }
  }
  if (acts) seat.dr6 = 0;
  return acts;
}

void Cores::seize() {
  const std::uint32_t here = arch::this_core() + 1;
  const std::uint64_t begin = arch::read_tsc();
  for (std::uint32_t nobody = 0; acting_ != here && !acting_.compare_exchange_strong(nobody, here); nobody = 0) {
    if (arch::read_tsc() - begin > kPatience) return;
    pause();
  }
}

void Cores::stand() {
  seats->registers.capture();
  seats->stage = Stage::standing;
}

/// Waits a moment; while this core is to stand, for who lets it go. The others have the processor, of which a host may
/// have fewer than the guest has cores.
void Cores::rest() {
  Rest& rest = seats->rest;
  rest.begin();
  is_held() ? rest.take() : pause();
  static_cast<void>(rest.end());
}

void Cores::decline() {
  seats->called = false;
}

void Cores::begin_sleep() {
  seats->rest.begin();
}

void Cores::sleep() {
  seats->rest.take();
}

void Cores::end_sleep() {
  static_cast<void>(seats->rest.end());
}

void Cores::on_nmi(const arch::TrapFrame& frame) {
  Rest& rest = seats->rest;
  if (acting_ == arch::this_core() + 1) static_cast<void>(rest.end());
  rest.on_nmi(frame);
}

/// Whether the core stands; calls it if it is away. It stands for good once it is to, so once is enough, unless it
/// declines: another NMI that it does not answer by coming found it coming by itself.
bool Cores::call(unsigned core) {
  Seat& seat = seats.on(core);
  const Stage stage = seat.stage;
  if (stage == Stage::standing) {
    seat.silent = false;
    return true;
  }
  if (stage == Stage::away && !seat.called) {
    seat.called = has_called_ = true;
    arch::lapic::send_nmi(arch::toro_core_entries[core].apic_id);
  }
  return false;
}

void Cores::stop_others() {
  const unsigned here = arch::this_core();
  if (arch::toro_core_count == 1) return;
  held_ = ~bit(here);
  const std::uint64_t begin = arch::read_tsc();
  for (bool all = false; !all;) {
    const bool late = arch::read_tsc() - begin > kPatience;
    all = true;
    for (unsigned core = 0; core < arch::toro_core_count; ++core) {
      if (core == here || !is_up(core) || call(core)) continue;
      if (late) seats.on(core).silent = true;
      all = all && seats.on(core).silent;
    }
    if (!all) pause();
  }
}

bool Cores::stop_late() {
  const unsigned here = arch::this_core();
  bool all = true;
  for (unsigned core = 0; core < arch::toro_core_count; ++core) {
    if (core == here) continue;
    // One that nobody has begun to start stays where it is: who would start it stands.
    all = (is_up(core) ? call(core) : arch::toro_core_entries[core].distance == 0) && all;
  }
  return all;
}

void Cores::settle() {
  for (unsigned core = 0; core < arch::toro_core_count; ++core)
    if (standing(core) != nullptr) seats.on(core).settled = true;
}

void Cores::let_go(std::optional<unsigned> alone) {
  for (unsigned core = 0; core < arch::toro_core_count; ++core)
    if (is_up(core)) seats.on(core).called = false;
  const std::uint64_t held = alone ? ~bit(*alone) : 0;
  held_ = held;
  acting_ = 0;
  for (unsigned core = 0; core < arch::toro_core_count; ++core)
    if ((held & bit(core)) == 0 && is_up(core) && seats.on(core).rest.end())
      arch::lapic::send_nmi(arch::toro_core_entries[core].apic_id);
}

void Cores::see_off() {
  const std::uint64_t begin = arch::read_tsc();
  for (unsigned core = 0; core < arch::toro_core_count; ++core)
    while (core != arch::this_core() && is_up(core) && seats.on(core).stage != Stage::away &&
           arch::read_tsc() - begin < kPatience)
      pause();
}

std::uint64_t Cores::take_dr6(unsigned core) {
  if (standing(core) == nullptr || !seats.on(core).settled) return 0;
  const std::uint64_t dr6 = seats.on(core).dr6;
  seats.on(core).dr6 = 0;
  return dr6;
}

// Who is to stand finds out either before it says that it leaves, or is seen leaving and waited for.
void Cores::leave() {
  Seat& seat = *seats;
  for (;;) {
    if (is_held()) stand();
    while (is_held()) rest();
    seat.stage = Stage::leaving;
    if (!is_held()) break;
  }
  seat.registers.put_back();
}

}  // namespace toro::gdbstub::x86_64
