// Time of a core. [KVM Documentation/virt/kvm/x86/msr.rst; SDM 3A 18.7.3]
#include "kernel/arch/x86_64/clock.hpp"

#include <atomic>
#include <cstddef>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/arch/x86_64/lapic.hpp"
#include "kernel/arch/x86_64/per_core.hpp"
#include "kernel/arch/x86_64/rtc.hpp"
#include "kernel/arch/x86_64/spin_lock.hpp"
#include "kernel/lib/latest.hpp"

extern "C" const std::uint64_t toro_boot_tsc;

namespace toro::arch::clock {
namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::uint32_t kShortestBaseline = 500'000;  // counts of the APIC timer: 500 µs, good for about 0.05 %
constexpr std::uint64_t kBaselinesPerSecond = 2000;   // of a reference clock: as long

using Wide = unsigned __int128;

struct [[gnu::packed]] KvmTime {
  static constexpr std::uint8_t kStable = 1 << 0;  ///< all cores' clocks agree
  std::uint32_t version;                           ///< odd while the host writes
  std::uint32_t reserved0;
  std::uint64_t tsc_timestamp;
  std::uint64_t system_time;
  std::uint32_t multiplier;
  std::int8_t shift;
  std::uint8_t flags;
  std::uint8_t reserved1[2];
};
static_assert(sizeof(KvmTime) == 32 && offsetof(KvmTime, multiplier) == 24);

struct KvmWallClock {
  std::uint32_t version, seconds, nanoseconds;
};
static_assert(sizeof(KvmWallClock) == 12);

enum class Source : std::uint8_t { unknown, kvmclock, cpuid, lapic, reference };

/// What the host writes, for one core.
struct alignas(64) KvmClock {
  KvmTime time;
  KvmWallClock wall;
};
TORO_PER_CORE(KvmClock, kvm);

/// Found by the first core that asks; cores that ask at once may all look, and one's answer is everybody's.
constinit std::atomic<Source> source_ = Source::unknown;
constinit std::atomic<std::uint64_t> multiplier = 0;  // nanoseconds per tick, times 2^32
constinit std::atomic<std::uint64_t> wall_at_boot_ = 0;
constinit std::atomic<bool> wall_known = false;
constinit SpinLock wall_lock{};

struct Hypervisor {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  bool kvm = false;
};

Hypervisor find_hypervisor() {
  if ((cpuid(1).ecx >> 31 & 1) == 0) return {};
  // KVM may stand behind another interface's leaves. [KVM cpuid.rst]
  for (std::uint32_t leaf = 0x40000000; leaf < 0x40000200; leaf += 0x100) {
    const CpuidResult r = cpuid(leaf);
    if (r.ebx == 0x4b4d564b && r.ecx == 0x564b4d56 && r.edx == 0x4d) return {leaf, r.eax, true};
  }
  return {0x40000000, cpuid(0x40000000).eax, false};
}

void publish(std::uint64_t found, Source source) {
  std::uint64_t none = 0;
  multiplier.compare_exchange_strong(none, found, std::memory_order_relaxed);
  source_.store(source, std::memory_order_release);
}

void set_frequency(std::uint64_t hz, Source source) {
  publish((kNanosecondsPerSecond << 32) / hz, source);
}

/// Lets the host write the calling core's clock, and keep it right, from now on.
void register_kvmclock() {
  write_msr(Msr::kvm_system_time, reinterpret_cast<std::uintptr_t>(&kvm->time) | 1);
}

bool use_kvmclock(const Hypervisor& hypervisor) {
  constexpr std::uint32_t kClockSource2 = 1 << 3;
  if (!hypervisor.kvm || (cpuid(hypervisor.first + 1).eax & kClockSource2) == 0) return false;
  register_kvmclock();
  // multiplier / 2^32 nanoseconds for each tick shifted left by `shift`
  const KvmTime& time = kvm->time;
  publish(time.shift >= 0 ? std::uint64_t{time.multiplier} << time.shift : time.multiplier >> -time.shift,
          Source::kvmclock);
  return true;
}

bool use_cpuid(const Hypervisor& hypervisor) {
  if (hypervisor.last >= hypervisor.first + 0x10 && hypervisor.first != 0) {
    const std::uint32_t khz = cpuid(hypervisor.first + 0x10).eax;
    if (khz != 0) return set_frequency(std::uint64_t{khz} * 1000, Source::cpuid), true;
  }
  const std::uint32_t last = cpuid(0).eax;
  if (last >= 0x15) {
    const CpuidResult r = cpuid(0x15);
    if (r.eax != 0 && r.ebx != 0 && r.ecx != 0)
      return set_frequency(std::uint64_t{r.ecx} * r.ebx / r.eax, Source::cpuid), true;
  }
  return false;
}

struct Reading {
  std::uint64_t tsc = 0;
  std::uint32_t count = 0;
};

TORO_PER_CORE(Reading, baseline);

/// Both clocks at one instant: of a few tries the one in which the least time passed between the TSC's readings.
Reading read_both(std::uint32_t (*read_count)()) {
  Reading best{};
  std::uint64_t narrowest = UINT64_MAX;
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t before = read_tsc();
    const std::uint32_t count = read_count();
    const std::uint64_t after = read_tsc();
    if (after - before >= narrowest) continue;
    narrowest = after - before;
    best = {before + narrowest / 2, count};
  }
  return best;
}

/// a * b / c by the processor's 128-bit product; the result must fit. (The compiler would call a library for it.)
std::uint64_t multiply_divide(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  std::uint64_t high;
  asm("mulq %2\n\tdivq %3" : "+a"(a), "=&d"(high) : "r"(b), "r"(c) : "cc");
  return a;
}

constinit Reference reference_{};
constinit Reading reference_baseline{};

/// The counter wraps; after so many ticks of the TSC it may have.
constexpr std::uint64_t kLongestBaseline = std::uint64_t{1} << 30;

void calibrate_by_reference() {
  Reading start = reference_baseline;
  for (;;) {
    const Reading reading = read_both(reference_.read);
    const std::uint64_t ticks = reading.tsc - start.tsc;
    const std::uint32_t count = (reading.count - start.count) & reference_.mask;
    if (ticks > kLongestBaseline)
      start = reading;
    else if (count >= reference_.hz / kBaselinesPerSecond)
      return set_frequency(multiply_divide(ticks, reference_.hz, count), Source::reference);
  }
}

void calibrate() {
  const Hypervisor hypervisor = find_hypervisor();
  if (use_kvmclock(hypervisor) || use_cpuid(hypervisor)) return;
  if (reference_.read != nullptr) return calibrate_by_reference();
  Reading reading = read_both(lapic::timer_count);
  while (reading.count == 0 || baseline->count - reading.count < kShortestBaseline) {
    if (reading.count == 0) begin();  // it ran out: nobody asked for 4 s, or a debugger held the machine
    reading = read_both(lapic::timer_count);
  }
  set_frequency(multiply_divide(reading.tsc - baseline->tsc, lapic::kTimerHz, baseline->count - reading.count),
                Source::lapic);
}

constinit Latest latest{};

std::uint64_t kvm_now() {
  if (kvm->time.version == 0) register_kvmclock();
  for (;;) {
    const volatile KvmTime& time = kvm->time;
    const std::uint32_t version = time.version;
    std::atomic_thread_fence(std::memory_order_acquire);
    const std::uint64_t delta = read_tsc() - time.tsc_timestamp;
    const std::uint64_t shifted = time.shift >= 0 ? delta << time.shift : delta >> -time.shift;
    const std::uint64_t result = time.system_time + static_cast<std::uint64_t>(Wide{shifted} * time.multiplier >> 32);
    const bool is_stable = (time.flags & KvmTime::kStable) != 0;
    std::atomic_thread_fence(std::memory_order_acquire);
    if (version == time.version && version % 2 == 0) return is_stable ? result : latest.advance_to(result);
  }
}

void find_wall_time() {
  const std::uint64_t elapsed = now();
  const SpinLockGuard guard(wall_lock);
  if (wall_known.load(std::memory_order_relaxed)) return;
  if (source_ == Source::kvmclock) {
    write_msr(Msr::kvm_wall_clock, reinterpret_cast<std::uintptr_t>(&kvm->wall));
    wall_at_boot_ = kvm->wall.seconds * kNanosecondsPerSecond + kvm->wall.nanoseconds;
  } else if (const auto seconds = rtc::read()) {
    wall_at_boot_ = *seconds * kNanosecondsPerSecond - elapsed;
  }
  wall_known.store(true, std::memory_order_release);
}

}  // namespace

void begin() {
  lapic::start_silent_timer(UINT32_MAX);
  *baseline = read_both(lapic::timer_count);
}

void use_reference(const Reference& reference) {
  reference_ = reference;
  reference_baseline = read_both(reference.read);
}

std::uint64_t nanoseconds_of(std::uint64_t ticks) {
  if (source_.load(std::memory_order_acquire) == Source::unknown) calibrate();
  return static_cast<std::uint64_t>(Wide{ticks} * multiplier.load(std::memory_order_relaxed) >> 32);
}

std::uint64_t now() {
  if (source_.load(std::memory_order_acquire) == Source::unknown) calibrate();
  if (source_ == Source::kvmclock) return kvm_now();
  return nanoseconds_of(read_tsc() - toro_boot_tsc);
}

std::uint64_t wall_at_boot() {
  if (!wall_known.load(std::memory_order_acquire)) find_wall_time();
  return wall_at_boot_;
}

std::string_view source() {
  if (source_.load() == Source::reference) return reference_.name;
  constexpr std::string_view kNames[] = {"unknown", "kvmclock", "cpuid", "lapic"};
  return kNames[static_cast<unsigned>(source_.load())];
}

void arm_timer(std::uint64_t deadline) {
  if (deadline == kNever) return lapic::start_timer(0);
  const std::uint64_t current = now();
  const std::uint64_t wait = deadline > current ? deadline - current : 1;
  constexpr std::uint64_t kLongest = 4 * kNanosecondsPerSecond;
  lapic::start_timer(static_cast<std::uint32_t>(wait < kLongest ? wait : kLongest));
}

}  // namespace toro::arch::clock
