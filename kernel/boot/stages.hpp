// The stages of the kernel itself, for others to need.
#pragma once

#include "kernel/boot/stage.hpp"

namespace toro::boot {

extern Stage traps_stage;        ///< exceptions are caught (arch)
extern Stage memory_map_stage;   ///< start info and command line are read (boot)
extern Stage paging_stage;       ///< rights of pages hold, pages can be allocated (memory)
extern Stage heap_stage;         ///< memory can be allocated (memory)
extern Stage interrupts_stage;   ///< interrupt controllers and timer run (arch)
extern Stage devices_stage;      ///< drivers run, the console is there (devices)
extern Stage threads_stage;      ///< threads can be created (process)
extern Stage application_stage;  ///< main's thread is ready (posix)

}  // namespace toro::boot
