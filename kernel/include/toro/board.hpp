// The machine that the image was built for.
#pragma once

#include <string_view>

extern "C" const char toro_board_name[];
extern "C" const char toro_application_name[];

namespace toro {

/// Name of the board: the folder in boards/ ("qemu-microvm"). Any context.
[[nodiscard]] inline std::string_view board_name() {
  return toro_board_name;
}

/// Name that toro_add_application() was given. Any context.
[[nodiscard]] inline std::string_view application_name() {
  return toro_application_name;
}

}  // namespace toro
