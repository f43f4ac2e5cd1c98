// Boot as a graph: runs each stage behind those that it needs.
#include "kernel/boot/stage.hpp"

#include <utility>

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/panic.hpp"

extern "C" toro::boot::Stage* const toro_boot_stages_start[];
extern "C" toro::boot::Stage* const toro_boot_stages_end[];

namespace toro::boot {
namespace {

constinit Stage* first_done = nullptr;
constinit Stage* last_done = nullptr;

/// Runs what the stage needs, and then the stage, unless it has run.
void run(Stage& stage) {
  StageProgress& progress = stage.progress;
  if (progress.done) return;
  if (std::exchange(progress.begun, true)) panic("boot stage \"{}\" needs itself", stage.name);
  for (Stage* needed : stage.needs)
    if (needed != nullptr) run(*needed);  // null: one that is not linked
  progress.begin_tsc = arch::read_tsc();
  if (stage.run != nullptr) stage.run();
  if (stage.each_core != nullptr) stage.each_core();
  progress.end_tsc = arch::read_tsc();
  progress.done = true;
  (last_done != nullptr ? last_done->progress.next_done : first_done) = &stage;
  last_done = &stage;
}

}  // namespace

std::span<Stage* const> stages() {
  return {toro_boot_stages_start, static_cast<std::size_t>(toro_boot_stages_end - toro_boot_stages_start)};
}

void run_stages_of_core(const Stage& last) {
  for (Stage* stage = first_done; stage != nullptr && stage != &last; stage = stage->progress.next_done)
    if (stage->each_core != nullptr) stage->each_core();
}

void run_stages(const Stage& goal) {
  for (Stage* stage : stages()) run(*stage);
  if (!goal.progress.done) panic("boot stage \"{}\" is not registered", goal.name);
}

}  // namespace toro::boot
