// The screen of a PC in VGA's text mode, which shows what the console says.
#pragma once

namespace toro::vga {

/// Clears the screen, and has it show all that is written to the console from then on, a panic too; nothing where there
/// is no VGA, or none in text mode. At boot.
void start_screen();

}  // namespace toro::vga
