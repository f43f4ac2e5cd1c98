// Boot as a graph: runs what is ready until all has run.
#include "kernel/boot/stage.hpp"

#include "kernel/arch/x86_64/cpu.hpp"
#include "kernel/panic.hpp"

extern "C" toro::boot::Stage* const toro_boot_stages_start[];
extern "C" toro::boot::Stage* const toro_boot_stages_end[];

namespace toro::boot {
namespace {

constinit Stage* first_done = nullptr;
constinit Stage* last_done = nullptr;

const Stage* first_missing(const Stage& stage) {
  for (const Stage* needed : stage.needs)
    if (needed != nullptr && !needed->progress.done) return needed;  // null: one that is not linked
  return nullptr;
}

void run(Stage& stage) {
  stage.progress.begin_tsc = arch::read_tsc();
  if (stage.run != nullptr) stage.run();
  if (stage.each_core != nullptr) stage.each_core();
  stage.progress.end_tsc = arch::read_tsc();
  stage.progress.done = true;
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
  for (std::size_t left = stages().size(); left > 0;) {
    const std::size_t before = left;
    const Stage* stuck = nullptr;
    for (Stage* stage : stages()) {
      if (stage->progress.done) continue;
      if (first_missing(*stage) != nullptr) {
        stuck = stage;
        continue;
      }
      run(*stage);
      --left;
    }
    if (left == before)
      panic("boot stage \"{}\" waits for \"{}\", which never comes", stuck->name, first_missing(*stuck)->name);
  }
  if (!goal.progress.done) panic("boot stage \"{}\" is not registered", goal.name);
}

}  // namespace toro::boot
