// Folders that the host shares with the machine.
#pragma once

#include "kernel/filesystem/kinds.hpp"

namespace toro::filesystem {

/// The folder whose tag is `source`, on the calling core. Kind::open's.
[[nodiscard]] Result<Opened> open_shared_folder(std::string_view source, Access access);

}  // namespace toro::filesystem
