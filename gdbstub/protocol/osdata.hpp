// Kernel objects as tables: `info os` in GDB, the editor's views. [GDB, Operating System Information]
#pragma once

#include <string_view>

#include "gdbstub/protocol/target.hpp"

namespace toro::gdbstub {

/// Writes the table `name`, or the list of tables where it is empty; false where there is none of that name.
[[nodiscard]] bool write_osdata(TextWriter& xml, std::string_view name, Target& target);

}  // namespace toro::gdbstub
