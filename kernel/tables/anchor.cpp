// The anchor of this image.
#include "kernel/tables/anchor.hpp"

#include "kernel/boot/boot_information.hpp"
#include "kernel/boot/stage.hpp"
#include "kernel/panic_state.hpp"

// Of the linker script.
extern "C" const unsigned char toro_image_start[];
extern "C" const toro::tables::Table* const toro_object_tables_start[];
extern "C" const toro::tables::Table* const toro_object_tables_end[];

namespace toro::tables {

constinit Anchor anchor{
    .magic = {'T', 'o', 'r', 'o', ' ', 'k', 'e', 'r', 'n', 'e', 'l', ' ', '0', '0', '0', '1'},
    .self = 0,
    .image_linked = boot::kImageLoadedAt,
    .image_loaded = toro_image_start,
    .tables_begin = toro_object_tables_start,
    .tables_end = toro_object_tables_end,
    .contexts = &arch::contexts,
    .cores = arch::toro_core_entries,
    .core_count = &arch::toro_core_count,
    .panicking = &panicking_core,
    .stopped_at = &panic_frames,
};

namespace {

// The place that the image was moved from may still hold a copy, with 0.
void say_where() {
  anchor.self = reinterpret_cast<std::uint64_t>(&anchor);
}
TORO_BOOT_STAGE(anchor_stage, "anchor", say_where);

}  // namespace

}  // namespace toro::tables
