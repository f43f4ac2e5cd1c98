// `boot-stages`: what boot did, and how long it took.
#include "kernel/boot/stage.hpp"
#include "kernel/tables/table.hpp"

extern "C" toro::boot::Stage* const toro_boot_stages_start[];
extern "C" toro::boot::Stage* const toro_boot_stages_end[];

namespace toro::tables {
namespace {

using boot::Stage;
using boot::StageProgress;

// A type that holds a reference has no offsetof.
constexpr std::size_t kName = 0;
constexpr std::size_t kRun = kName + sizeof(Stage::name);
constexpr std::size_t kProgress = kRun + sizeof(Stage::run) + sizeof(Stage::each_core) + sizeof(Stage::needs);
static_assert(kProgress + sizeof(StageProgress*) == sizeof(Stage));

constexpr Place progress(std::size_t offset, std::size_t bytes) {
  return behind(kProgress, offset, bytes);
}

constexpr const char* kDone[] = {"no", "yes"};

constexpr Column kColumns[] = {
    {.name = "stage", .format = Format::view, .value = at(kName, 31)},
    {.name = "done", .format = Format::word, .value = progress(offsetof(StageProgress, done), 1), .words = kDone},
    {.name = "begin TSC", .value = progress(offsetof(StageProgress, begin_tsc), 8)},
    {.name = "ticks",
     .value = progress(offsetof(StageProgress, end_tsc), 8),
     .minus = progress(offsetof(StageProgress, begin_tsc), 8)},
    {.name = "function", .format = Format::hexadecimal, .value = at(kRun, 8)},
};

constexpr Table kTable{
    .name = "boot-stages",
    .title = "Boot stages",
    .about = "Every stage of boot, and the ticks of the TSC that it took",
    .rows = {.shape = Shape::pointers, .stride = 8, .base = toro_boot_stages_start, .end = toro_boot_stages_end},
    .columns = kColumns,
};
TORO_OBJECT_TABLE(kTable);

}  // namespace
}  // namespace toro::tables
