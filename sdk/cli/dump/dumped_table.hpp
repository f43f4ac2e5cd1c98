// Tables of kernel objects out of a memory dump.
#pragma once

#include <string>

#include "gdbstub/protocol/target.hpp"

namespace toro::cli {

/// As the broker answers for a guest that stands (table_json.hpp). An empty name lists the tables.
[[nodiscard]] std::string dumped_table_json(gdbstub::Target& target, const std::string& table);

}  // namespace toro::cli
