// The machine's registers as GDB's XML. [GDB, Target Description Format]
#pragma once

#include "gdbstub/protocol/register_set.hpp"
#include "gdbstub/protocol/text_writer.hpp"

namespace toro::gdbstub {

void write_target_description(TextWriter& xml, const RegisterSet& set);

}  // namespace toro::gdbstub
