// Boot as a graph: named stages, each with the stages that it needs and the time that it took.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace toro::boot {

/// What has become of a stage.
struct StageProgress {
  struct Stage* next_done;  ///< the one that ran next
  bool begun;               ///< it, or what it needs
  bool done;
  std::uint64_t begin_tsc;
  std::uint64_t end_tsc;
};

/// One step of boot. Defined by TORO_BOOT_STAGE in the file whose part of the kernel it starts.
struct Stage {
  std::string_view name;
  void (*run)();        ///< on the boot core; null where there is nothing to do but on each core
  void (*each_core)();  ///< then there, and on every other core as it starts; may be null
  std::span<Stage* const> needs;
  StageProgress& progress;
};

/// All stages of the image, in the order of linking.
[[nodiscard]] std::span<Stage* const> stages();

/// Runs on a core that starts what the stages that ran before `last` do on each core, in their order.
void run_stages_of_core(const Stage& last);

/// Runs each stage once, after all that it needs; `goal` is the one that boot is for. Panics with the name of a stage
/// that needs itself, by whatever way.
void run_stages(const Stage& goal);

}  // namespace toro::boot

/// TORO_BOOT_STAGE(paging_stage, "paging", start_paging, &traps_stage, &memory_map_stage): defines the stage
/// `paging_stage` and registers it. It runs when its file is linked; what a needed stage is defined in is linked too,
/// but where this file declares that stage `[[gnu::weak]]`: then it is only waited for where it is linked anyway.
#define TORO_BOOT_STAGE(variable, stage_name, function, ...) \
  TORO_CORE_STAGE(variable, stage_name, function, nullptr __VA_OPT__(, ) __VA_ARGS__)

/// The same with what it does on each core: TORO_CORE_STAGE(traps_stage, "traps", make_gates, load_gates,
/// &other_stage).
#define TORO_CORE_STAGE(variable, stage_name, function, function_of_core, ...)                         \
  static constinit ::toro::boot::Stage* const variable##_needs[]{__VA_ARGS__ __VA_OPT__(, ) nullptr};  \
  static constinit ::toro::boot::StageProgress variable##_progress{};                                  \
  constinit ::toro::boot::Stage variable{.name = stage_name,                                           \
                                         .run = function,                                              \
                                         .each_core = function_of_core,                                \
                                         .needs = {variable##_needs, std::size(variable##_needs) - 1}, \
                                         .progress = variable##_progress};                             \
  [[gnu::used, gnu::section(".toro_boot_stages")]] static ::toro::boot::Stage* const variable##_registered = &variable
