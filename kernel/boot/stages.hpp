// The stages of the kernel itself, for others to need.
#pragma once

#include "kernel/boot/stage.hpp"

namespace toro::boot {

extern Stage traps_stage;       ///< exceptions are caught (arch)
extern Stage multiboot2_stage;  ///< what a Multiboot2 loader tells is start info, on boards with that entry (boot)
extern Stage memory_map_stage;  ///< start info and command line are read (boot)
extern Stage processors_stage;  ///< cores are counted (boot)
extern Stage described_devices_stage;  ///< the DSDT's devices are read, where the board asks for them (boot)
extern Stage firmware_tables_stage;    ///< ACPI's tables are read, where the board asks for them (boot)
extern Stage paging_stage;             ///< rights of pages hold, pages can be allocated (memory)
extern Stage heap_stage;               ///< memory can be allocated (memory)
extern Stage interrupts_stage;         ///< interrupt controllers and timer run (arch)
extern Stage devices_stage;            ///< drivers run, the console is there (devices)
extern Stage threads_stage;            ///< threads can be created (process)
extern Stage system_calls_stage;       ///< the C library's way into the kernel is open (posix)
extern Stage cores_stage;              ///< the other cores are starting (boot)
extern Stage application_stage;        ///< main's thread is ready (posix)

}  // namespace toro::boot
