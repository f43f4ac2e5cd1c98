// `cores` and `counters`: what each core is, runs and has done.
#include "kernel/arch/x86_64/context.hpp"
#include "kernel/arch/x86_64/interrupts.hpp"
#include "kernel/process/inbox.hpp"
#include "kernel/process/scheduler.hpp"
#include "kernel/tables/table.hpp"

namespace toro::process {

struct ObjectTables {
  static constexpr std::size_t kHalted = offsetof(Inbox, halted_);
  static constexpr std::size_t kDeviceWaits = offsetof(Scheduler, device_waits_);
  static constexpr std::size_t kStuck = offsetof(Scheduler, stuck_);
};

}  // namespace toro::process

namespace toro::tables {
namespace {

using arch::Context;
using arch::ContextRegistry;
using process::ObjectTables;

constexpr Place running(std::size_t offset, std::size_t bytes) {
  return of_core(&arch::contexts, behind(offsetof(ContextRegistry, running), offset, bytes));
}
constexpr Place entry(std::size_t offset, std::size_t bytes) {
  return of_cores(arch::toro_core_entries, sizeof(arch::Core), at(offset, bytes));
}

constexpr const char* kHalted[] = {"no", "yes"};

constexpr Column kCoreColumns[] = {
    {.name = "core", .format = Format::core_number},
    {.name = "APIC id", .value = entry(offsetof(arch::Core, apic_id), 4)},
    {.name = "memory node", .value = entry(offsetof(arch::Core, node), 4)},
    {.name = "thread", .value = running(offsetof(Context, id), 4)},
    {.name = "name", .format = Format::text, .value = running(offsetof(Context, name), sizeof(Context::name))},
    {.name = "halted",
     .format = Format::word,
     .value = of_core(&process::inboxes, at(ObjectTables::kHalted, 1)),
     .words = kHalted},
    {.name = "copies at", .format = Format::hexadecimal, .value = entry(offsetof(arch::Core, distance), 8)},
};

constexpr Table kCores{
    .name = "cores",
    .title = "Cores",
    .about = "Every core that has started, and the thread that runs on it",
    .rows = {.each_core = true, .stride = sizeof(ContextRegistry), .base = &arch::contexts},
    .columns = kCoreColumns,
};
TORO_OBJECT_TABLE(kCores);

constexpr Column kCounterColumns[] = {
    {.name = "core", .format = Format::core_number},
    {.name = "interrupts", .value = of_core(&arch::interrupt_count, at(0, 8))},
    {.name = "device work", .value = of_core(&process::schedulers, at(ObjectTables::kDeviceWaits, 4))},
    {.name = "times stuck", .value = of_core(&process::schedulers, at(ObjectTables::kStuck, 8))},
};

constexpr Table kCounters{
    .name = "counters",
    .title = "Counters",
    .about = "What each core has counted since boot",
    .rows = {.each_core = true, .stride = sizeof(ContextRegistry), .base = &arch::contexts},
    .columns = kCounterColumns,
};
TORO_OBJECT_TABLE(kCounters);

}  // namespace
}  // namespace toro::tables
